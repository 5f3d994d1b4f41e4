//! `ui/backups/ID`: one backup: where it lies, how it is, and what is inside.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::backup_rows::{BackupRow, health_mark, tier_text};
use super::command_line::CommandLine;
use super::failure::PageFailure;
use super::frame::{Frame, MenuEntry, html, see};
use super::inside::{self, Inside};
use super::marks::{Mark, Tone};
use super::run_rows::RunRow;
use super::visit::PageVisit;
use crate::config::TokenScope;
use crate::error::Error;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::fields::{FormFields, encoded};
use crate::frontend::http::state::{ApiState, Peer};
use crate::frontend::http::{backups, start};
use crate::service::{BackupHealth, Run, RunFailure, RunRequest, StoredBackup};

/// Parts and entries that are listed; a search finds the others.
const LISTED: usize = 200;
/// Runs among which those about a backup are looked for.
const MOST_RUNS: usize = 1000;

#[derive(Template)]
#[template(path = "backup.html")]
struct BackupScreen {
    page: Frame,
    heading: String,
    row: BackupRow,
    copies: Vec<CopyRow>,
    /// What lies in it; none until that is asked for, where the whole backup has to be read for it.
    inside: Option<Inside>,
    /// Whether something of that can be ticked.
    has_ticks: bool,
    is_set: bool,
    verify: Vec<CommandLine>,
    /// What has read it again, or brought it back.
    done: Vec<RunRow>,
    /// Of the run that made it.
    warnings: Vec<RunFailure>,
    /// What the other buttons do.
    commands: Vec<CommandLine>,
}

/// A copy in a store.
struct CopyRow {
    copy: StoredBackup,
    mark: Mark,
    tier: String,
    /// What it takes there, or has added.
    size: String,
    /// What is wrong with it.
    reason: Option<String>,
}

/// Shows a backup.
pub(super) async fn backup(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let wanted = id.clone();
    let copies = app.blocking(move |app| app.jobs.copies(&wanted)).await??;
    let row = BackupRow::of(visit.locale, copies);
    let row = row.ok_or_else(|| ErrorResponse::not_found(format!("there is no backup {id}")))?;
    let made = row.manifest.id.clone();
    let (warnings, done) = app.blocking(move |app| known_of(app, &made)).await?;
    let query = inside::query(&visit.query, LISTED);
    let is_listed = !row.manifest.parts.is_empty() || !row.manifest.members.is_empty();
    let inside = match is_listed || visit.query.get("inside").is_some() {
        true => {
            let asked = query.clone();
            let read = move |app: &ApiState| app.jobs.contents(&id, &asked);
            Some(Inside::of(&visit, query, app.blocking(read).await??))
        }
        false => None,
    };
    let copies = row.copies.iter().map(|copy| CopyRow {
        mark: health_mark(visit.locale, &copy.backup.health),
        tier: tier_text(visit.locale, &copy.backup.manifest.tier),
        size: match &copy.backup.manifest.artifact {
            added if added.repository.is_some() => {
                let size = [("size", visit.locale.size(added.size).into())];
                visit.locale.fill("size-added", &size)
            }
            own => visit.locale.size(own.size),
        },
        reason: match &copy.backup.health {
            BackupHealth::Damaged { reason, .. } => Some(reason.clone()),
            _ => None,
        },
        copy: copy.backup.clone(),
    });
    let time = visit.locale.moment_text(row.manifest.started_at);
    let heading = match &row.of {
        Some(of) => format!("{of} · {time}"),
        None => time,
    };
    Ok(html(&BackupScreen {
        page: Frame::new(&visit, MenuEntry::Backups, &heading).icon(row.mark.tone()),
        heading,
        copies: copies.collect(),
        has_ticks: inside
            .as_ref()
            .is_some_and(|inside| !inside.rows.is_empty()),
        inside,
        done: done
            .into_iter()
            .map(|run| RunRow::of(visit.locale, run))
            .collect(),
        warnings,
        is_set: !row.manifest.members.is_empty(),
        verify: vec![CommandLine::new("verify").word(&row.manifest.id)],
        commands: commands(&visit, &row),
        row,
    }))
}

/// What the journal knows of a backup: warnings of the run that made it, and the runs that were about it since.
fn known_of(app: &ApiState, id: &str) -> (Vec<RunFailure>, Vec<Run>) {
    let made = app.jobs.get(id).map(|made| made.run().warnings);
    let mut done = app.jobs.service().runs(MOST_RUNS);
    done.retain(|run| run.backup.as_deref() == Some(id));
    (made.unwrap_or_default(), done)
}

/// What the buttons below the contents do; a set is downloaded member by member.
fn commands(visit: &PageVisit, row: &BackupRow) -> Vec<CommandLine> {
    let id = &row.manifest.id;
    let filename = &row.manifest.artifact.filename;
    let restore = visit
        .may(TokenScope::Restore)
        .then(|| CommandLine::new("restore").word(id));
    let is_set = !row.manifest.members.is_empty();
    let fetch = (!is_set).then(|| {
        let fetch = CommandLine::new("fetch").word(id);
        fetch.option("--output", filename)
    });
    restore.into_iter().chain(fetch).collect()
}

/// Starts to read every copy again, and shows that.
pub(super) async fn verify(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let request = RunRequest::verify(Some(&id), &[]);
    let holding = move |app: &ApiState| {
        let service = app.jobs.service().holding(&id)?;
        Ok::<_, Error>(service.config().member.clone())
    };
    let request = RunRequest {
        strategy: app.blocking(holding).await??,
        asked_by: peer.asked_by(),
        ..request
    };
    let run = start::start(&app, request).await?.run();
    Ok(see(&format!("../../runs/{}", encoded(&run.id))))
}

/// Sends all of it, or what the query names.
pub(super) async fn download(
    app: State<Arc<ApiState>>,
    id: Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageFailure> {
    let fields = FormFields::parse(query.as_deref().unwrap_or_default());
    let query = fields.exactly("only").body();
    Ok(backups::artifact(app, id, RawQuery(Some(query))).await?)
}
