//! The second step: where to. Beside what is there comes first, over it last.

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
use super::choice::{Choice, Destination};
use super::what::{backup, offers};
use crate::frontend::http::state::ApiState;

#[derive(Template)]
#[template(path = "restore_where.html")]
struct WhereScreen {
    page: Frame,
    row: BackupRow,
    only: Vec<String>,
    /// Parts that can have a new name; none if that is not how this backup comes back.
    names: Vec<NewName>,
    targets: Vec<String>,
    /// Whether several strategies come back, for which one place is none.
    has_several: bool,
    /// The value of the choice that is ticked.
    to: &'static str,
    hidden: Vec<(String, String)>,
    back: String,
}

/// A part, and what it may be called beside the one that is there.
struct NewName {
    part: String,
    new_name: String,
}

/// Asks where it is to come back to.
pub(in super::super) async fn to_where(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let row = backup(&app, &visit, &id).await?;
    let offers = offers(&app, &row).await?;
    let choice = Choice::of(&visit.query);
    let parts = choice.parts(&offers).unwrap_or_default();
    let renamed = parts.into_iter().filter(|part| part.renames);
    let names: Vec<NewName> = renamed
        .map(|part| NewName {
            new_name: match choice.new_name(&part.name) {
                Some(name) => name.to_owned(),
                None => copy_of(&part.name),
            },
            part: part.name.clone(),
        })
        .collect();
    let holding = id.clone();
    let targets = app
        .blocking(move |app| {
            let one = app.jobs.service().holding(&holding)?;
            let targets = one.config().restore_targets.iter();
            Ok::<_, crate::error::Error>(targets.map(|target| target.name.clone()).collect())
        })
        .await??;
    let has_several = choice.members(&offers) > 1;
    let targets: Vec<String> = match has_several {
        false => targets,
        true => Vec::new(),
    };
    let default = match (names.is_empty(), targets.first()) {
        (false, _) => Destination::NewNames,
        (true, Some(first)) => Destination::Target(first.clone()),
        (true, None) => Destination::Original,
    };
    let title = visit.locale.text("restore-where-title");
    Ok(html(&WhereScreen {
        page: Frame::new(&visit, MenuEntry::Backups, &title).icon(Tone::Empty),
        hidden: choice.fields().pairs().to_vec(),
        back: format!("../{id}{}", choice.fields().query()),
        to: choice.destination.as_ref().unwrap_or(&default).name(),
        only: choice.only,
        names,
        targets,
        has_several,
        row,
    }))
}

/// What a part is called beside the one that is there: of a set, the name of its strategy is none of the part's.
fn copy_of(part: &str) -> String {
    let name = part.rsplit('/').next().unwrap_or(part);
    format!("{name}_copy")
}
