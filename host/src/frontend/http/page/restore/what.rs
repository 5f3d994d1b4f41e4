//! The first step: all of a backup, or which parts of it.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

use super::super::backup_rows::BackupRow;
use super::super::command_line::CommandLine;
use super::super::failure::PageFailure;
use super::super::frame::{Frame, MenuEntry, html};
use super::super::marks::Tone;
use super::super::visit::PageVisit;
use super::choice::Choice;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::state::ApiState;
use crate::service::{RestoreOffer, RunFailure};

/// Parts of a member that are offered by a tick; others are named.
const OFFERED: usize = 200;

#[derive(Template)]
#[template(path = "restore_what.html")]
struct WhatScreen {
    page: Frame,
    row: BackupRow,
    /// Of a set each member, else one.
    members: Vec<OfferedMember>,
    /// Chosen names that are no parts: files.
    files: Vec<String>,
    is_set: bool,
    /// Whether files can be named.
    has_files: bool,
    command: Vec<CommandLine>,
}

struct OfferedMember {
    /// Of a set; ticked, it comes back whole.
    name: Option<String>,
    is_ticked: bool,
    parts: Vec<OfferedPart>,
    /// Why nothing of it can come back.
    error: Option<RunFailure>,
}

struct OfferedPart {
    name: String,
    size: u64,
    is_ticked: bool,
}

/// Asks what is to come back.
pub(in super::super) async fn what(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let row = backup(&app, &visit, &id).await?;
    let offers = offers(&app, &row).await?;
    let choice = Choice::of(&visit.query);
    let is_ticked = |name: &str| choice.only.iter().any(|only| only == name);
    let has_files = offers.iter().any(|one| one.has_files);
    let members: Vec<OfferedMember> = offers
        .into_iter()
        .map(|one| OfferedMember {
            is_ticked: one.strategy.as_deref().is_some_and(is_ticked),
            parts: one
                .parts
                .into_iter()
                .take(OFFERED)
                .map(|part| OfferedPart {
                    is_ticked: is_ticked(&part.name),
                    name: part.name,
                    size: part.size,
                })
                .collect(),
            name: one.strategy,
            error: one.error,
        })
        .collect();
    // Files that were ticked one screen before; their names may hold blanks.
    let is_offered = |name: &str| {
        let mut each = members.iter();
        each.any(|member| {
            let mut parts = member.parts.iter();
            member.name.as_deref() == Some(name) || parts.any(|part| part.name == name)
        })
    };
    let files = choice
        .only
        .iter()
        .filter(|name| has_files && !is_offered(name));
    let files: Vec<String> = files.cloned().collect();
    let title = visit.locale.text("restore-what-title");
    Ok(html(&WhatScreen {
        page: Frame::new(&visit, MenuEntry::Backups, &title).icon(Tone::Empty),
        is_set: !row.manifest.members.is_empty(),
        has_files,
        files,
        members,
        command: vec![
            CommandLine::new("restore")
                .word(&row.manifest.id)
                .word("--dry-run"),
        ],
        row,
    }))
}

/// What of it can be selected.
pub(super) async fn offers(
    app: &Arc<ApiState>,
    row: &BackupRow,
) -> Result<Vec<RestoreOffer>, PageFailure> {
    let manifest = row.manifest.clone();
    let asked = move |app: &ApiState| {
        let service = app.jobs.service().holding(&manifest.id)?;
        service.restore_offers(&manifest)
    };
    Ok(app.blocking(asked).await??)
}

/// The backup that a step is about.
pub(super) async fn backup(
    app: &Arc<ApiState>,
    visit: &PageVisit,
    id: &str,
) -> Result<BackupRow, PageFailure> {
    let wanted = id.to_owned();
    let copies = app.blocking(move |app| app.jobs.copies(&wanted)).await??;
    let row = BackupRow::of(visit.locale, copies);
    let missing = || ErrorResponse::not_found(format!("there is no backup {id}"));
    Ok(row.ok_or_else(missing)?)
}
