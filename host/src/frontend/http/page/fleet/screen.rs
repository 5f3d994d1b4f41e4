//! `/`: who is late, who failed, who was never drilled, who does not answer.

use std::cmp::Reverse;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::super::filters::FilterLink;
use super::super::frame::{Frame, MenuEntry, html};
use super::super::locale::Locale;
use super::super::marks::Tone;
use super::super::visit::PageVisit;
use super::filter::{FleetFilter, states};
use super::row::FleetRow;
use crate::fleet::{Fleet, FleetStatus};
use crate::service::MemberState;

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetScreen {
    page: Frame,
    heading: String,
    states: Vec<FilterLink>,
    filter: FleetFilter,
    /// What the form of the text leaves as it is.
    others: Vec<(String, String)>,
    rows: Vec<PlacedRow>,
}

/// A row, and whether the filter shows it. One that it does not show has a place all the same: it may be shown later.
struct PlacedRow {
    /// In the configuration, from 0: the row's name for scripts.
    place: usize,
    shown: bool,
    row: FleetRow,
}

impl FleetScreen {
    fn is_empty(&self) -> bool {
        !self.rows.iter().any(|placed| placed.shown)
    }
}

/// Shows how all sidecars stand.
pub(super) async fn fleet(
    State(fleet): State<Arc<Fleet>>,
    Extension(visit): Extension<PageVisit>,
) -> Response {
    // Before the status: what changes in between is seen again.
    let version = fleet.version();
    let status = fleet.status();
    let filter = FleetFilter::of(&visit);
    let rows = status.sidecars.iter().enumerate();
    let rows = rows.map(|(place, standing)| {
        let row = FleetRow::of(visit.locale, standing);
        let shown = filter.shows(standing, &row);
        PlacedRow { place, shown, row }
    });
    let mut rows: Vec<PlacedRow> = rows.collect();
    let worst = rows.iter().map(|placed| placed.row.tone()).max();
    rows.sort_by_key(|placed| {
        let standing = &status.sidecars[placed.place];
        let is_well = standing.state == MemberState::Fresh;
        Reverse((
            standing.needs_you && !is_well,
            placed.row.tone(),
            standing.state,
        ))
    });
    let heading = heading(visit.locale, &status);
    html(&FleetScreen {
        page: Frame::new(&visit, MenuEntry::None, &heading)
            .icon(worst.unwrap_or(Tone::Empty))
            .refreshed(true)
            .version(version.to_string()),
        heading,
        states: states(&visit, &status.sidecars),
        others: visit.query.replacing("match", None).pairs().to_vec(),
        filter,
        rows,
    })
}

/// "4 of 40 need you"
fn heading(locale: Locale, status: &FleetStatus) -> String {
    let asked = status.sidecars.iter().filter(|one| one.is_asked()).count();
    let all = status.sidecars.len();
    let need = || {
        let values = [("count", status.need_you.into()), ("all", all.into())];
        locale.fill("fleet-need-you", &values)
    };
    let asking = || locale.fill("fleet-asking", &[("count", (all - asked).into())]);
    match (status.need_you, all - asked) {
        (_, 0) => need(),
        (0, _) => asking(),
        _ => format!("{}; {}", need(), asking()),
    }
}
