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
use super::marks::{Mark, Tone};
use super::visit::PageVisit;
use crate::error::Kind;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::state::ApiState;
use crate::service::{BackupHealth, StoredBackup};

/// Parts that are listed; a search finds the others.
const PARTS: usize = 200;

#[derive(Template)]
#[template(path = "backup.html")]
struct BackupScreen {
    page: Frame,
    heading: String,
    row: BackupRow,
    copies: Vec<CopyRow>,
    parts: Vec<PartRow>,
    /// Parts that fit the search, whether they are listed or not.
    found: usize,
    matching: String,
    total: usize,
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

/// Something in the backup that can be restored alone.
struct PartRow {
    name: String,
    size: u64,
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
    let matching = visit.query.get("match").unwrap_or_default().to_owned();
    let lower = matching.to_lowercase();
    let all = row.manifest.parts.iter();
    let fits = all.filter(|part| part.name.to_lowercase().contains(&lower));
    let fitting: Vec<_> = fits.collect();
    let parts = fitting.iter().take(PARTS).map(|part| PartRow {
        name: part.name.clone(),
        size: part.length,
    });
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
        parts: parts.collect(),
        found: fitting.len(),
        matching,
        total: row.manifest.parts.len(),
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
