//! `GET /metrics`: the Prometheus text format, from the journal of runs.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::error_response::ErrorResponse;
use super::state::ApiState;
use crate::clock::Doubt;
use crate::service::{MemberState, Run, RunState, Service, SidecarStatus};

/// Answers with the metrics.
pub(super) async fn metrics(State(app): State<Arc<ApiState>>) -> Result<Response, ErrorResponse> {
    let text = app.blocking(|app| {
        let service = app.jobs.service();
        let status = app.jobs.status();
        let all = service.all().map(|one| StrategyMetrics::of(one, &status));
        let running = app.jobs.in_progress().is_some();
        render(&all.collect::<Vec<_>>(), running, service.time().doubt)
    });
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((headers, text.await?).into_response())
}

/// What is known of a strategy's runs, or of those of the set of several.
#[derive(Default)]
struct StrategyMetrics {
    /// Of several.
    name: Option<String>,
    /// Whether it is the set of several.
    is_set: bool,
    counts: Vec<(RunState, u64)>,
    last: Option<Run>,
    /// How it stands, and when its newest good backup was begun.
    state: Option<MemberState>,
    good: Option<Timestamp>,
    next: Option<Timestamp>,
    drills: (Option<Run>, Option<Run>),
}

impl StrategyMetrics {
    fn of(service: &Service, status: &SidecarStatus) -> Self {
        let history = service.history();
        let name = service.config().member.clone();
        let is_set = !service.members().is_empty();
        let mut members = status.members.iter();
        let status = match is_set {
            true => status.set.as_ref(),
            false => members.find(|member| member.name == name),
        };
        Self {
            state: status.map(|status| status.state),
            good: status.and_then(|status| Some(status.last_good.as_ref()?.at)),
            name,
            is_set,
            counts: history.counts(),
            last: history.last(RunState::Succeeded),
            next: service.next_run(),
            drills: history.drills(),
        }
    }

    /// `{strategy="db",state="failed"}`; of a single strategy without the first.
    fn labels(&self, state: Option<&str>) -> String {
        let name = self.name.iter().map(|name| format!("strategy=\"{name}\""));
        let state = state.iter().map(|state| format!("state=\"{state}\""));
        let labels: Vec<String> = name.chain(state).collect();
        match labels.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", labels.join(",")),
        }
    }

    fn ended(&self) -> Vec<(String, f64)> {
        let states = RunState::ALL.into_iter().filter(|state| state.is_over());
        let count = |state| {
            let count = self.counts.iter().find(|(counted, _)| *counted == state);
            (
                self.labels(Some(state.as_str())),
                count.map_or(0.0, |(_, count)| *count as f64),
            )
        };
        states.map(count).collect()
    }

    /// 1 for the state that it is in.
    fn states(&self) -> Vec<(String, f64)> {
        let is_in = |state: MemberState| {
            let labels = self.labels(Some(state.as_str()));
            (labels, f64::from(self.state == Some(state)))
        };
        let states = self.state.map(|_| MemberState::ALL);
        states.into_iter().flatten().map(is_in).collect()
    }
}

/// A metric of each strategy: its name, its help, and how it is read.
type Gauge = (
    &'static str,
    &'static str,
    fn(&StrategyMetrics) -> Option<f64>,
);

/// What is told of the last successful run.
const LAST: [Gauge; 4] = [
    (
        "last_success_timestamp_seconds",
        "When the last successful run ended, in seconds since 1970.",
        |of| {
            of.last
                .as_ref()
                .map(|run| run.finished_at.map_or(0.0, seconds))
        },
    ),
    (
        "last_success_duration_seconds",
        "How long the last successful run took.",
        |of| {
            of.last
                .as_ref()
                .map(|run| run.duration_ms.unwrap_or(0) as f64 / 1000.0)
        },
    ),
    (
        "last_success_warnings",
        "What is to be looked at although the last successful run succeeded: copies and deletions that failed.",
        |of| of.last.as_ref().map(|run| run.warnings.len() as f64),
    ),
    (
        "last_success_size_bytes",
        "The size of the artifact of the last successful run.",
        |of| {
            let size = |run: &Run| run.artifact.as_ref().map_or(0, |artifact| artifact.size);
            of.last.as_ref().map(|run| size(run) as f64)
        },
    ),
];

/// What is told of drills, and of the next run.
const OTHERS: [Gauge; 4] = [
    (
        "last_good_timestamp_seconds",
        "When the run began that made the newest good backup that the stores hold, in seconds since 1970.",
        |of| of.good.map(seconds),
    ),
    (
        "last_drill_passed",
        "Whether the last drill restored the backup and passed its checks.",
        |of| {
            let drill = of.drills.0.as_ref()?;
            Some(f64::from(drill.state == RunState::Succeeded))
        },
    ),
    (
        "last_passed_drill_timestamp_seconds",
        "When the last successful drill ended, in seconds since 1970.",
        |of| of.drills.1.as_ref()?.finished_at.map(seconds),
    ),
    (
        "next_run_timestamp_seconds",
        "When the schedule starts the next run, in seconds since 1970.",
        |of| of.next.map(seconds),
    ),
];

fn render(all: &[StrategyMetrics], running: bool, doubt: Option<Doubt>) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let mut metric = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
        if values.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "# HELP sidecar_{name} {help}\n# TYPE sidecar_{name} {kind}"
        );
        for (labels, value) in values {
            let _ = writeln!(text, "sidecar_{name}{labels} {value}");
        }
    };
    let (sets, strategies): (Vec<&StrategyMetrics>, Vec<&StrategyMetrics>) =
        all.iter().partition(|one| one.is_set);
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    metric(
        "build_info",
        "gauge",
        "The version of the sidecar.",
        &[(version, 1.0)],
    );
    let ended = |of: &[&StrategyMetrics]| of.iter().flat_map(|one| one.ended()).collect::<Vec<_>>();
    metric(
        "runs_total",
        "counter",
        "Runs that are over, by their final state.",
        &ended(&strategies),
    );
    metric(
        "set_runs_total",
        "counter",
        "Runs of the set that are over, by their final state.",
        &ended(&sets),
    );
    let states =
        |of: &[&StrategyMetrics]| of.iter().flat_map(|one| one.states()).collect::<Vec<_>>();
    metric(
        "strategy_state",
        "gauge",
        "How the strategy stands, by the clock: 1 for its state.",
        &states(&strategies),
    );
    metric(
        "set_state",
        "gauge",
        "How the set stands, by the clock: 1 for its state.",
        &states(&sets),
    );
    let one = |value: f64| [(String::new(), value)];
    metric(
        "run_in_progress",
        "gauge",
        "Whether a run is in progress.",
        &one(f64::from(running)),
    );
    let is_trusted = !doubt.is_some_and(Doubt::is_news);
    metric(
        "clock_trusted",
        "gauge",
        "Whether the time is plausible. While it is not, backups are made and none is deleted.",
        &one(f64::from(is_trusted)),
    );
    for (name, help, read) in LAST.into_iter().chain(OTHERS) {
        let values = |of: &[&StrategyMetrics]| {
            let value = |one: &&StrategyMetrics| Some((one.labels(None), read(one)?));
            of.iter().filter_map(value).collect::<Vec<_>>()
        };
        metric(name, "gauge", help, &values(&strategies));
        metric(&format!("set_{name}"), "gauge", help, &values(&sets));
    }
    text
}

/// Seconds since 1970.
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
        let one = StrategyMetrics {
            counts: counts.to_vec(),
            next,
            ..StrategyMetrics::default()
        };
        let text = render(&[one], true, None);
        for line in [
            "# TYPE sidecar_runs_total counter",
            "sidecar_runs_total{state=\"failed\"} 3",
            "sidecar_runs_total{state=\"succeeded\"} 0",
            "sidecar_run_in_progress 1",
            "sidecar_clock_trusted 1",
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

    #[test]
    fn of_several_each_has_its_name_and_the_set_is_apart() {
        let of = |name: Option<&str>| StrategyMetrics {
            name: name.map(str::to_owned),
            is_set: name.is_none(),
            counts: vec![(RunState::Failed, 3)],
            ..StrategyMetrics::default()
        };
        let text = render(&[of(None), of(Some("db"))], false, None);
        for line in [
            "sidecar_runs_total{strategy=\"db\",state=\"failed\"} 3",
            "sidecar_set_runs_total{state=\"failed\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
        }
        assert!(!text.contains("sidecar_runs_total{state"), "{text}");
    }
}
