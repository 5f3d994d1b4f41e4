//! What a restore makes beside what is there: its names, and the markers that tell it from what belongs to
//! others. A name alone proves nothing: only what is marked is ever dropped.

use sidecar_sdk::choices;

/// How the comments begin; the name comes last, so that it may contain anything.
const NEW: &str = "sidecar new of=";
const OLD: &str = "sidecar old of=";

/// The connection limit of a database that is not marked yet: it is set in the statement that makes it, and
/// the comment only in the next.
pub(super) const UNMARKED_LIMIT: i64 = 1_815_123_947;

/// Whether the database `d` was made by a restore, as a condition in SQL.
pub(super) const OURS: &str = "(d.datname ~ '^sidecar_(new|old)_[a-z0-9]{10}$' AND (d.datconnlimit = 1815123947
    OR coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '') ~ '^sidecar (new|old) of='))";

/// The names that one restore uses, for a database `of`.
#[derive(Debug, Clone)]
pub(super) struct OwnNames {
    pub(super) of: String,
    pub(super) new: String,
    pub(super) old: String,
}

/// What a marker says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marker<'a> {
    /// Built for this database, and not swapped.
    New(&'a str),
    /// What this database was before the swap.
    Old(&'a str),
}

impl OwnNames {
    /// Those of this restore.
    pub(super) fn of(database: &str) -> Self {
        Self::with_id(database, &choices::id())
    }

    fn with_id(database: &str, id: &str) -> Self {
        Self {
            of: database.to_owned(),
            new: format!("sidecar_new_{id}"),
            old: format!("sidecar_old_{id}"),
        }
    }

    /// The comment of the new one.
    pub(super) fn mark_new(&self) -> String {
        format!("{NEW}{}", self.of)
    }

    /// The comment of the old one.
    pub(super) fn mark_old(&self) -> String {
        format!("{OLD}{}", self.of)
    }
}

/// Reads a comment.
pub(super) fn marker(comment: &str) -> Option<Marker<'_>> {
    let new = comment.strip_prefix(NEW).map(Marker::New);
    new.or_else(|| comment.strip_prefix(OLD).map(Marker::Old))
}

/// What the mark begins with that a drill gives a database; the server follows.
pub(super) fn drill_mark_head(database: &str, number: u64) -> String {
    format!("sidecar drill oid={number} of={database} on=")
}

/// Takes the mark of this very database off its comment: the server that it names, and what was below it.
pub(super) fn unmarked(
    database: &str,
    number: u64,
    comment: &str,
) -> Option<(String, Option<String>)> {
    let rest = comment.strip_prefix(&drill_mark_head(database, number))?;
    let (server, below) = match rest.split_once('\n') {
        Some((server, below)) => (server, Some(below.to_owned())),
        None => (rest, None),
    };
    Some((server.to_owned(), below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_says_what_is_beside_which_database() {
        let names = OwnNames::with_id("it's of=\"x\"", "0123456789");
        assert_eq!(names.old, "sidecar_old_0123456789");
        assert_eq!(marker(&names.mark_old()), Some(Marker::Old(&names.of)));
        assert_eq!(marker(&names.mark_new()), Some(Marker::New(&names.of)));
        assert_eq!(marker("sidecar new of="), Some(Marker::New("")));
        assert_eq!(marker("the sidecar new of=x"), None);
    }

    #[test]
    fn the_condition_knows_the_limit() {
        assert!(OURS.contains(&UNMARKED_LIMIT.to_string()));
    }
}
