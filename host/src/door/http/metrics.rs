//! `GET /metrics`: the Prometheus text format, straight from the journal.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::App;
use super::answer::Problem;
use crate::service::{Run, State as RunState};

/// Answers with what a monitoring wants to know.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let text = app.blocking(|app| {
        let history = app.jobs.service().history();
        let running = app.jobs.in_progress().is_some();
        render(
            &history.counts(),
            running,
            history.last(RunState::Succeeded).as_ref(),
            app.jobs.service().next_run(),
            &history.drills(),
        )
    });
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((headers, text.await?).into_response())
}

fn render(
    counts: &[(RunState, u64)],
    running: bool,
    last: Option<&Run>,
    next: Option<Timestamp>,
    (drill, passed): &(Option<Run>, Option<Run>),
) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let mut metric = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
        let _ = writeln!(
            text,
            "# HELP sidecar_{name} {help}\n# TYPE sidecar_{name} {kind}"
        );
        for (labels, value) in values {
            let _ = writeln!(text, "sidecar_{name}{labels} {value}");
        }
    };
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    metric(
        "build_info",
        "gauge",
        "Which sidecar this is.",
        &[(version, 1.0)],
    );
    let ended = RunState::ALL
        .into_iter()
        .filter(|state| state.is_over())
        .map(|state| {
            let count = counts.iter().find(|(counted, _)| *counted == state);
            let labels = format!("{{state=\"{}\"}}", state.as_str());
            (labels, count.map_or(0.0, |(_, count)| *count as f64))
        });
    metric(
        "runs_total",
        "counter",
        "Runs by how they ended.",
        &ended.collect::<Vec<_>>(),
    );
    let one = |value: f64| [(String::new(), value)];
    metric(
        "run_in_progress",
        "gauge",
        "Whether a run is in progress.",
        &one(f64::from(running)),
    );
    if let Some(run) = last {
        let at = run.finished_at.map_or(0.0, seconds);
        let took = run.duration_ms.unwrap_or(0) as f64 / 1000.0;
        let size = run.artifact.as_ref().map_or(0, |artifact| artifact.size) as f64;
        metric(
            "last_success_timestamp_seconds",
            "gauge",
            "When the last good run ended.",
            &one(at),
        );
        metric(
            "last_success_duration_seconds",
            "gauge",
            "How long it took.",
            &one(took),
        );
        metric(
            "last_success_size_bytes",
            "gauge",
            "How large its artifact is.",
            &one(size),
        );
    }
    if let Some(drill) = drill {
        let succeeded = drill.state == RunState::Succeeded;
        metric(
            "last_drill_passed",
            "gauge",
            "Whether the last drill brought the backup back.",
            &one(f64::from(succeeded)),
        );
    }
    if let Some(at) = passed.as_ref().and_then(|drill| drill.finished_at) {
        metric(
            "last_passed_drill_timestamp_seconds",
            "gauge",
            "When the last good drill ended.",
            &one(seconds(at)),
        );
    }
    if let Some(at) = next {
        metric(
            "next_run_timestamp_seconds",
            "gauge",
            "When the schedule starts the next run.",
            &one(seconds(at)),
        );
    }
    text
}

/// Since 1970.
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_line() {
        let counts = [(RunState::Failed, 3), (RunState::Running, 1)];
        let next = Timestamp::from_second(1_700_000_000).ok();
        let text = render(&counts, true, None, next, &(None, None));
        for line in [
            "# TYPE sidecar_runs_total counter",
            "sidecar_runs_total{state=\"failed\"} 3",
            "sidecar_runs_total{state=\"succeeded\"} 0",
            "sidecar_run_in_progress 1",
            "sidecar_next_run_timestamp_seconds 1700000000",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in:\n{text}"
            );
        }
        assert!(
            !text.contains("running\"") && !text.contains("last_success"),
            "{text}"
        );
    }
}
