//! `ui/backups/ID`: one backup: where it lies, how it is, and what is inside.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

use super::backup_rows::{BackupRow, health_mark, tier_text};
use super::failure::PageFailure;
use super::fields::encoded;
use super::frame::{Frame, MenuEntry, html, see};
use super::inside::{self, Inside};
use super::marks::{Mark, Tone};
use super::visit::PageVisit;
use crate::error::Kind;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::state::ApiState;
use crate::service::{BackupHealth, StoredBackup};

/// Parts and entries that are listed; a search finds the others.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "backup.html")]
struct BackupScreen {
    page: Frame,
    heading: String,
    row: BackupRow,
    copies: Vec<CopyRow>,
    /// What lies in it; none until that is asked for, where the whole backup has to be read for it.
    inside: Option<Inside>,
    is_set: bool,
    /// `sidecar restore …`
    command: String,
}

/// A copy in a store.
struct CopyRow {
    copy: StoredBackup,
    mark: Mark,
    tier: String,
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
        inside,
        is_set: !row.manifest.members.is_empty(),
        command: format!("sidecar restore {}", row.manifest.id),
        row,
    }))
}

/// Reads every copy again, and shows the backup with what came of it: damage stays written beside it.
pub(super) async fn verify(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let to = format!("../{}", encoded(&id));
    let read = move |app: &ApiState| {
        let verified = app.jobs.service().verify(Some(&id), &[]);
        app.jobs.stores_changed();
        verified
    };
    match app.blocking(read).await? {
        Err(error) if error.kind() != Kind::Verification => Err(error.into()),
        Ok(_) | Err(_) => Ok(see(&to)),
    }
}
