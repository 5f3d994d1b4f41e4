//! Links that narrow a list down.

use super::visit::PageVisit;

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
}
