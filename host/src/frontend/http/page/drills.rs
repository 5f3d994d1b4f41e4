//! `ui/drills`: whether backups were ever brought back.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::command_line::CommandLine;
use super::failure::PageFailure;
use super::frame::{Frame, MenuEntry, html, see};
use super::marks::{Mark, Tone};
use super::run_rows::RunRow;
use super::visit::PageVisit;
use crate::frontend::http::fields::{FormFields, encoded};
use crate::frontend::http::start;
use crate::frontend::http::state::{ApiState, Peer};
use crate::service::{MemberStatus, RunKind, RunRequest};

/// Runs of the journal that are looked through.
const MOST: usize = 1000;
/// Drills that are shown.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "drills.html")]
struct DrillsScreen {
    page: Frame,
    members: Vec<DrilledMember>,
    rows: Vec<RunRow>,
}

/// Whether a member's backups are known to come back.
struct DrilledMember {
    name: Option<String>,
    title: String,
    status: MemberStatus,
    mark: Mark,
    /// Whether the configuration says where to.
    is_configured: bool,
    command: Vec<CommandLine>,
    cron: Option<String>,
}

/// Shows the drills, and where none is configured how to.
pub(super) async fn drills(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Result<Response, PageFailure> {
    let locale = visit.locale;
    let (status, runs) = app
        .blocking(|app| (app.jobs.status(), app.jobs.service().runs(MOST)))
        .await?;
    let service = app.jobs.service();
    let members = status.members.into_iter().map(|status| {
        let of = service.strategy(status.name.as_deref());
        let drill = of.ok().and_then(|one| one.config().drill.clone());
        DrilledMember {
            title: status
                .name
                .clone()
                .unwrap_or_else(|| status.strategy.clone()),
            name: status.name.clone(),
            mark: match (&status.proven, &status.last_drill) {
                (_, Some(last)) if last.error.is_some() => {
                    Mark::new(Tone::Bad, &locale.text("drill-failed"))
                }
                (Some(_), _) => Mark::new(Tone::Good, &locale.text("drill-proven")),
                (None, _) => Mark::new(Tone::Late, &locale.text("drill-never")),
            },
            is_configured: drill.is_some(),
            command: vec![CommandLine::new("drill").strategy(status.name.as_deref())],
            cron: drill.and_then(|drill| drill.cron),
            status,
        }
    });
    let drills = runs.into_iter().filter(|run| run.kind == RunKind::Drill);
    let title = locale.text("nav-drills");
    Ok(html(&DrillsScreen {
        page: Frame::new(&visit, MenuEntry::Drills, &title).icon(Tone::Empty),
        members: members.collect(),
        rows: drills
            .take(SHOWN)
            .map(|run| RunRow::of(locale, run))
            .collect(),
    }))
}

/// Starts a drill, and shows it.
pub(super) async fn start(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    body: String,
) -> Result<Response, PageFailure> {
    let fields = FormFields::parse(&body);
    let service = app.jobs.service();
    service.strategy(fields.get("strategy"))?.require_drill()?;
    let request = RunRequest {
        asked_by: peer.asked_by(),
        strategy: fields.get("strategy").map(str::to_owned),
        ..RunRequest::drill()
    };
    let run = start::start(&app, request).await?.run();
    Ok(see(&format!("runs/{}", encoded(&run.id))))
}
