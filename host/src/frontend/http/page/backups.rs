//! `ui/backups`: what the stores hold.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::backup_rows::{BackupRow, tier_text};
use super::failure::PageFailure;
use super::filters::{FilterLink, MEMBER};
use super::frame::{Frame, MenuEntry, html};
use super::marks::Tone;
use super::visit::PageVisit;
use crate::config::Tier;
use crate::frontend::http::state::ApiState;
use crate::service::{BackupQuery, RunFailure};

/// Backups of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "backups.html")]
struct BackupsScreen {
    page: Frame,
    /// Days, each with its rows.
    days: Vec<BackupDay>,
    tiers: Vec<FilterLink>,
    /// Of several strategies: each, and the set.
    members: Vec<FilterLink>,
    damaged: Vec<DamagedRow>,
    /// "500 backups"
    count: String,
    newest: Option<String>,
    older: Option<String>,
    has_stores: bool,
    is_filtered: bool,
}

/// The backups of a day.
struct BackupDay {
    day: String,
    rows: Vec<BackupRow>,
}

/// Something in a store that is no usable backup, or the store itself.
struct DamagedRow {
    place: String,
    error: RunFailure,
}

/// Shows a page of backups, newest first.
pub(super) async fn backups(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Result<Response, PageFailure> {
    let locale = visit.locale;
    let has_stores = app
        .jobs
        .service()
        .all()
        .any(|one| !one.config().stores.is_empty());
    let (tier, member) = (visit.query.get("tier"), visit.query.get(MEMBER));
    let query = BackupQuery {
        tier: Tier::ALL.into_iter().find(|one| tier == Some(one.name())),
        strategy: member.map(str::to_owned),
        before: visit.query.get("before").map(str::to_owned),
        limit: Some(ROWS),
        ..BackupQuery::default()
    };
    let page = app
        .blocking(move |app| match has_stores {
            true => app.jobs.backups(&query).map(Some),
            false => Ok(None),
        })
        .await??;
    let (rows, damaged, total, next) = match page {
        Some(page) => (page.backups, page.damaged, page.total, page.next),
        None => Default::default(),
    };
    let rows = BackupRow::all(locale, rows);
    let damaged = damaged.into_iter().map(|(store, key, error)| DamagedRow {
        place: format!("{store} {key}"),
        error,
    });
    let link = |before: Option<&str>| visit.query.replacing("before", before).query();
    let count = locale.fill("backups-count", &[("count", total.into())]);
    let tiers = Tier::ALL.map(|tier| (tier.name(), tier_text(locale, &tier)));
    let service = app.jobs.service();
    let title = locale.text("nav-backups");
    Ok(html(&BackupsScreen {
        page: Frame::new(&visit, MenuEntry::Backups, &title).icon(Tone::Empty),
        days: by_day(&visit, rows),
        tiers: FilterLink::all(&visit, "tier", tiers),
        members: FilterLink::members(&visit, service),
        damaged: damaged.collect(),
        count,
        newest: visit.query.get("before").map(|_| link(None)),
        older: next.map(|next| link(Some(&next))),
        has_stores,
        is_filtered: tier.or(member).is_some(),
    }))
}

fn by_day(visit: &PageVisit, rows: Vec<BackupRow>) -> Vec<BackupDay> {
    let mut days: Vec<BackupDay> = Vec::new();
    for row in rows {
        let day = visit.locale.day(row.manifest.started_at);
        match days.last_mut() {
            Some(last) if last.day == day => last.rows.push(row),
            _ => days.push(BackupDay {
                day,
                rows: vec![row],
            }),
        }
    }
    days
}
