//! Which rows are shown: those of a state, and those in which a text stands.

use super::super::filters::FilterLink;
use super::super::locale::Locale;
use super::super::visit::PageVisit;
use super::row::FleetRow;
use crate::fleet::SidecarStanding;
use crate::service::MemberState;

/// The query's value for sidecars with a strategy that was never drilled.
const NEVER_DRILLED: &str = "never-drilled";

/// What the query asks for.
pub(super) struct FleetFilter {
    state: Option<String>,
    /// As it was typed.
    pub(super) text: String,
}

impl FleetFilter {
    pub(super) fn of(visit: &PageVisit) -> Self {
        Self {
            state: visit.query.get("state").map(str::to_owned),
            text: visit.query.get("match").unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn shows(&self, standing: &SidecarStanding, row: &FleetRow) -> bool {
        let state = self.state.as_deref();
        state.is_none_or(|state| is_in(standing, state)) && row.contains(&self.text)
    }
}

/// A link for each state, with how many are in it.
pub(super) fn states(visit: &PageVisit, sidecars: &[SidecarStanding]) -> Vec<FilterLink> {
    let locale = visit.locale;
    let values = [
        (MemberState::Failed.as_str(), locale.text("status-failed")),
        (MemberState::Late.as_str(), locale.text("filter-late")),
        (NEVER_DRILLED, locale.text("drill-never")),
        (MemberState::Unknown.as_str(), locale.text("status-unknown")),
        (MemberState::Never.as_str(), locale.text("status-never")),
        (MemberState::Fresh.as_str(), locale.text("status-fresh")),
    ];
    let counted = values.map(|(state, word)| {
        let count = sidecars.iter().filter(|one| is_in(one, state)).count();
        (state, with_count(locale, word, count))
    });
    FilterLink::all(visit, "state", counted)
}

fn with_count(locale: Locale, word: String, count: usize) -> String {
    let values = [("word", word.into()), ("count", count.into())];
    locale.fill("filter-count", &values)
}

fn is_in(standing: &SidecarStanding, state: &str) -> bool {
    match state {
        NEVER_DRILLED => !standing.never_drilled.is_empty(),
        state => standing.is_asked() && standing.state.as_str() == state,
    }
}
