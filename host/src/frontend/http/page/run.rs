//! `ui/runs/ID`: one run, live, and how it ended.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

use super::failure::PageFailure;
use super::frame::{Frame, MenuEntry, html, see};
use super::marks::{Mark, Tone, kind_text, run_mark};
use super::run_progress::RunProgress;
use super::run_rows::{RunRow, asked_by};
use super::visit::PageVisit;
use crate::frontend::http::fields::encoded;
use crate::frontend::http::jobs;
use crate::frontend::http::state::ApiState;
use crate::service::{LogExcerpt, Run, RunHandle, RunKind, RunState};

#[derive(Template)]
#[template(path = "run.html")]
struct RunScreen {
    page: Frame,
    heading: String,
    mark: Mark,
    run: Run,
    asked_by: String,
    progress: Option<RunProgress>,
    /// Of a set: its members.
    members: Vec<RunRow>,
    is_cached: bool,
    /// What it has said so far.
    log: LogExcerpt,
    is_over: bool,
    /// The backup that it made, brought back, or read.
    backup: Option<String>,
    /// What its parts are: restored, or read.
    parts_title: String,
}

#[derive(Template)]
#[template(path = "cancel.html")]
struct CancelScreen {
    page: Frame,
    heading: String,
    run: Run,
    is_restore: bool,
}

/// Shows a run.
pub(super) async fn run(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let handle = jobs::find(&app, id).await?;
    let run = handle.run();
    let (progress, members) = match &handle {
        RunHandle::Here(job) => {
            let progress = job.progress();
            let progress = RunProgress::new(visit.locale, &run.id, run.kind, Some(&progress));
            let members = job.members().iter().map(|member| member.run());
            let members = members.map(|member| RunRow::of(visit.locale, member));
            (Some(progress), members.collect())
        }
        RunHandle::Written(_) => (None, written_members(&app, &visit, &run).await?),
    };
    let cached = run.clone();
    let (is_cached, log) = app
        .blocking(move |app| {
            let is_cached = app.jobs.service().cached_artifact(&cached).is_some();
            (is_cached, app.jobs.log(&handle, 0))
        })
        .await?;
    let heading = heading(&visit, &run);
    let is_over = run.state.is_over();
    let icon = match run.state {
        RunState::Succeeded => Tone::Good,
        RunState::Failed | RunState::Interrupted => Tone::Bad,
        RunState::Cancelled => Tone::Empty,
        RunState::Queued | RunState::Running => Tone::Busy,
    };
    Ok(html(&RunScreen {
        page: Frame::new(&visit, MenuEntry::Runs, &heading)
            .icon(icon)
            .refreshed(!is_over),
        heading,
        mark: run_mark(visit.locale, &run),
        progress: progress.filter(|_| !is_over),
        members,
        log,
        is_over,
        is_cached: is_cached && run.artifact.is_some(),
        backup: match run.kind {
            RunKind::Backup => (run.state == RunState::Succeeded).then(|| run.id.clone()),
            RunKind::Restore | RunKind::Drill | RunKind::Verify => run.backup.clone(),
        },
        parts_title: visit.locale.text(match (run.kind, run.state) {
            (RunKind::Verify, _) => "parts-verified",
            (_, RunState::Succeeded) => "parts-restored",
            _ => "parts-tried",
        }),
        asked_by: asked_by(visit.locale, &run.asked_by),
        run,
    }))
}

/// The runs of the members of a set that is over.
async fn written_members(
    app: &Arc<ApiState>,
    visit: &PageVisit,
    set: &Run,
) -> Result<Vec<RunRow>, PageFailure> {
    let Some(id) = set.set_id.clone().filter(|_| set.member.is_none()) else {
        return Ok(Vec::new());
    };
    let members = app.blocking(move |app| app.jobs.service().history().members(&id));
    let members = members.await?.into_iter();
    Ok(members.map(|run| RunRow::of(visit.locale, run)).collect())
}

/// "Restore of db"
fn heading(visit: &PageVisit, run: &Run) -> String {
    let kind = kind_text(visit.locale, run.kind);
    match RunRow::of(visit.locale, run.clone()).of {
        Some(of) => {
            let values = [("kind", kind.into()), ("of", of.into())];
            visit.locale.fill("kind-of", &values)
        }
        None => kind,
    }
}

/// Asks a reader without scripts what a dialog asks all others.
pub(super) async fn ask_to_cancel(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let run = jobs::find(&app, id).await?.run();
    let heading = visit.locale.text("cancel-title");
    Ok(html(&CancelScreen {
        page: Frame::new(&visit, MenuEntry::Runs, &heading).icon(Tone::Busy),
        heading,
        is_restore: run.kind == RunKind::Restore,
        run,
    }))
}

/// Stops a run, and shows it.
pub(super) async fn cancel(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let to = format!("../{}", encoded(&id));
    let handle = jobs::find(&app, id).await?;
    jobs::stop(&handle).await?;
    Ok(see(&to))
}
