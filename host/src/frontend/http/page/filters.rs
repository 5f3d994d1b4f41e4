//! Links that narrow a list down.

use super::visit::PageVisit;
use crate::config::SETS;
use crate::service::{Run, Service};

/// The query's name for one of several strategies.
pub(super) const MEMBER: &str = "member";

/// A link to the rows of one kind, or to all.
pub(super) struct FilterLink {
    pub(super) href: String,
    pub(super) text: String,
    pub(super) current: bool,
}

impl FilterLink {
    /// One for all rows, and one for each value of the query's `name`.
    pub(super) fn all<N: AsRef<str>>(
        visit: &PageVisit,
        name: &str,
        values: impl IntoIterator<Item = (N, String)>,
    ) -> Vec<Self> {
        let chosen = visit.query.get(name);
        let query = visit
            .query
            .replacing("page", None)
            .replacing("before", None);
        let all = Self {
            href: query.replacing(name, None).query(),
            text: visit.locale.text("filter-all"),
            current: chosen.is_none(),
        };
        let each = values.into_iter().map(|(value, text)| Self {
            href: query.replacing(name, Some(value.as_ref())).query(),
            text,
            current: chosen == Some(value.as_ref()),
        });
        std::iter::once(all).chain(each).collect()
    }

    /// One for each of several strategies, and for their set; of a single one none.
    pub(super) fn members(visit: &PageVisit, service: &Service) -> Vec<Self> {
        let members = service.members().iter();
        let names = members.filter_map(|one| one.config().member.clone());
        let names: Vec<_> = names.map(|name| (name.clone(), name)).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let set = (SETS.to_owned(), visit.locale.text("the-set"));
        Self::all(visit, MEMBER, names.into_iter().chain([set]))
    }
}

/// Whether a run is one of the strategy, or of the set, that the query asks for.
pub(super) fn is_of_member(visit: &PageVisit, run: &Run) -> bool {
    match visit.query.get(MEMBER) {
        None => true,
        Some(SETS) => run.member.is_none() && run.set_id.is_some(),
        name => run.member.as_deref() == name,
    }
}
