//! The first step: all of a backup, or which parts of it.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

use super::super::backup_rows::BackupRow;
use super::super::failure::PageFailure;
use super::super::frame::{Frame, MenuEntry, html};
use super::super::marks::Tone;
use super::super::visit::PageVisit;
use super::choice::Choice;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::state::ApiState;

/// Parts that are offered by a tick; others are named.
const OFFERED: usize = 200;

#[derive(Template)]
#[template(path = "restore_what.html")]
struct WhatScreen {
    page: Frame,
    row: BackupRow,
    parts: Vec<OfferedPart>,
    /// Whether files can be named: an archive, or a set with one in it.
    has_files: bool,
    members: Vec<String>,
    command: String,
}

struct OfferedPart {
    name: String,
    size: Option<u64>,
    ticked: bool,
}

/// Asks what is to come back.
pub(in super::super) async fn what(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let row = backup(&app, &visit, &id).await?;
    let choice = Choice::of(&visit.query);
    let manifest = &row.manifest;
    let ticked = |name: &str| choice.only.iter().any(|only| only == name);
    let parts = manifest.parts.iter().map(|part| OfferedPart {
        ticked: ticked(&part.name),
        name: part.name.clone(),
        size: Some(part.length),
    });
    // Of a set, its members.
    let members = manifest.members.iter().map(|member| OfferedPart {
        ticked: ticked(&member.strategy),
        name: member.strategy.clone(),
        size: None,
    });
    let mut parts: Vec<OfferedPart> = members.chain(parts).take(OFFERED).collect();
    // Files that were ticked one screen before; their names may hold blanks.
    for only in &choice.only {
        if parts.iter().all(|part| part.name != *only) {
            parts.push(OfferedPart {
                name: only.clone(),
                size: None,
                ticked: true,
            });
        }
    }
    let title = visit.locale.text("restore-what-title");
    Ok(html(&WhatScreen {
        page: Frame::new(&visit, MenuEntry::Backups, &title).icon(Tone::Empty),
        has_files: manifest.parts.is_empty(),
        members: manifest
            .members
            .iter()
            .map(|one| one.strategy.clone())
            .collect(),
        command: format!("sidecar restore {} --dry-run", manifest.id),
        parts,
        row,
    }))
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
