//! `ui/check`: what would go wrong tonight, asked now.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::command_line::CommandLine;
use super::failure::PageFailure;
use super::frame::{Frame, MenuEntry, html};
use super::marks::Tone;
use super::visit::PageVisit;
use crate::frontend::http::check::{CheckView, found};
use crate::frontend::http::state::ApiState;

#[derive(Template)]
#[template(path = "check.html")]
struct CheckScreen {
    page: Frame,
    heading: String,
    /// None before it is asked for.
    found: Option<CheckView>,
    command: Vec<CommandLine>,
}

/// Says what a check does, to a reader who came without a form: a reload, another language.
pub(super) async fn ask(Extension(visit): Extension<PageVisit>) -> Response {
    screen(&visit, None)
}

/// Checks everything, and shows what was found.
pub(super) async fn check(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Result<Response, PageFailure> {
    Ok(screen(&visit, Some(found(&app, None).await?)))
}

fn screen(visit: &PageVisit, found: Option<CheckView>) -> Response {
    let (tone, heading) = match &found {
        None => (Tone::Empty, visit.locale.text("check")),
        Some(found) => {
            let (errors, warnings) = (found.errors.len(), found.warnings.len());
            let tone = match (errors, warnings) {
                (0, 0) => Tone::Good,
                (0, _) => Tone::Late,
                _ => Tone::Bad,
            };
            let (key, count) = match errors {
                0 => ("check-passed", warnings),
                _ => ("check-failed", errors),
            };
            let heading = visit.locale.fill(key, &[("count", count.into())]);
            (tone, heading)
        }
    };
    html(&CheckScreen {
        page: Frame::new(visit, MenuEntry::Overview, &heading).icon(tone),
        heading,
        found,
        command: vec![CommandLine::new("check")],
    })
}
