//! `ui/runs`: what ran, when, and how it ended.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::failure::PageFailure;
use super::filters::{FilterLink, MEMBER, is_of_member};
use super::frame::{Frame, MenuEntry, html, see};
use super::marks::{Tone, kind_text, run_state_mark};
use super::pages::Pages;
use super::run_rows::RunRow;
use super::visit::PageVisit;
use crate::frontend::http::fields::{FormFields, encoded};
use crate::frontend::http::start;
use crate::frontend::http::state::{ApiState, Peer};
use crate::service::{Run, RunKind, RunRequest, RunState};

/// Runs that are looked at, from the newest.
const MOST: usize = 1000;

/// The query's value for runs that succeeded, and left something to look at.
const WARNED: &str = "warned";

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsScreen {
    page: Frame,
    rows: Vec<RunRow>,
    /// Of several strategies: each, and the set.
    members: Vec<FilterLink>,
    kinds: Vec<FilterLink>,
    states: Vec<FilterLink>,
    pages: Pages,
    is_filtered: bool,
}

/// Shows a page of runs, of one kind or state if the query names them.
pub(super) async fn runs(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Result<Response, PageFailure> {
    let mut runs = app.blocking(|app| app.jobs.service().runs(MOST)).await?;
    let (kind, state) = (visit.query.get("kind"), visit.query.get("state"));
    runs.retain(|run: &Run| {
        is_of_member(&visit, run)
            && kind.is_none_or(|kind| run.kind.as_str() == kind)
            && state.is_none_or(|state| is_in(run, state))
    });
    let locale = visit.locale;
    let kinds = RunKind::ALL.map(|one| (one.as_str(), kind_text(locale, one)));
    let states = RunState::ALL.map(|one| (one.as_str(), run_state_mark(locale, one).into_word()));
    let states = states
        .into_iter()
        .chain([(WARNED, locale.text("filter-warned"))]);
    let pages = Pages::of(&visit, runs.len());
    let rows = pages.slice(runs).map(|run| RunRow::of(locale, run));
    let title = locale.text("nav-runs");
    Ok(html(&RunsScreen {
        page: Frame::new(&visit, MenuEntry::Runs, &title).icon(Tone::Empty),
        rows: rows.collect(),
        members: FilterLink::members(&visit, app.jobs.service()),
        kinds: FilterLink::all(&visit, "kind", kinds),
        states: FilterLink::all(&visit, "state", states),
        pages,
        is_filtered: kind.or(state).or(visit.query.get(MEMBER)).is_some(),
    }))
}

fn is_in(run: &Run, state: &str) -> bool {
    match state {
        WARNED => run.state == RunState::Succeeded && run.warning_count() > 0,
        state => run.state.as_str() == state,
    }
}

/// Starts a backup, and shows it.
pub(super) async fn start(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    body: String,
) -> Result<Response, PageFailure> {
    let fields = FormFields::parse(&body);
    let request = RunRequest {
        asked_by: peer.asked_by(),
        strategy: fields.get("strategy").map(str::to_owned),
        ..RunRequest::new(None)
    };
    let run = start::start(&app, request).await?.run();
    Ok(see(&format!("runs/{}", encoded(&run.id))))
}
