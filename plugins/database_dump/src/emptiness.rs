//! Databases in which there is nothing: an empty backup would take the place of good ones.

use crate::config::DatabaseFilter;
use crate::coverage::{ALL, Gap};

/// What a server has from the start, with nothing in it.
const INITIAL: &str = "postgres";

/// The gaps of databases without any object: of each that is named, and of a server that has none but what
/// every new one has. Where all are backed up, one that was created and not filled is as it should be.
pub(crate) fn empty_gaps(filter: &DatabaseFilter, empty: Vec<String>, count: usize) -> Vec<Gap> {
    const REMEDY: &str = "check that this is the server and the database that is meant";
    let is_all = *filter == DatabaseFilter::All;
    if is_all && count == 0 {
        return vec![Gap::empty(ALL, "the databases of the server", REMEDY)];
    }
    let has_own = empty.len() < count || empty.iter().any(|name| name != INITIAL);
    if is_all && has_own {
        return Vec::new();
    }
    let gap = |name: String| Gap::empty(&name, format!("the content of {name}"), REMEDY);
    empty.into_iter().map(gap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_database_among_others_is_as_it_should_be() {
        let gaps = |filter: &DatabaseFilter, empty: &[&str], count| {
            let empty = empty.iter().map(|name| (*name).to_owned()).collect();
            empty_gaps(filter, empty, count).len()
        };
        let all = DatabaseFilter::All;
        assert_eq!(gaps(&all, &["postgres"], 2), 0);
        assert_eq!(gaps(&all, &["postgres"], 1), 1);
        assert_eq!(gaps(&all, &["app", "postgres"], 2), 0);
        assert_eq!(gaps(&all, &[], 0), 1);
        let named = DatabaseFilter::Named(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(gaps(&named, &["a"], 2), 1);
        assert_eq!(gaps(&named, &[], 2), 0);
    }
}
