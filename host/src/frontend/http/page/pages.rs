//! Long lists, a page at a time.

use super::visit::PageVisit;

/// Rows of a page.
const ROWS: usize = 50;

/// Which page of a list is shown, and the links to those beside it.
pub(super) struct Pages {
    /// "1–50 of 500"
    pub(super) text: String,
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
    first: usize,
}

impl Pages {
    /// Of a list of `count` rows; the query's `page` counts from 1.
    pub(super) fn of(visit: &PageVisit, count: usize) -> Self {
        let last = count.saturating_sub(1) / ROWS + 1;
        let asked = visit.query.get("page").and_then(|page| page.parse().ok());
        let page = asked.unwrap_or(1).clamp(1, last);
        let first = (page - 1) * ROWS;
        let link = |page: usize| {
            visit
                .query
                .replacing("page", Some(&page.to_string()))
                .query()
        };
        let values = [
            ("first", (first + 1).min(count).into()),
            ("last", (first + ROWS).min(count).into()),
            ("count", count.into()),
        ];
        Self {
            text: visit.locale.fill("pages", &values),
            newer: (page > 1).then(|| link(page - 1)),
            older: (page < last).then(|| link(page + 1)),
            first,
        }
    }

    /// The rows of the page.
    pub(super) fn slice<T>(&self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.first).take(ROWS)
    }
}
