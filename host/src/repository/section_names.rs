//! Where the pieces of a part lie in a snapshot.

use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a name keeps; all else is escaped, so that the order of bytes is that of the numbers in front, and
/// no name is a path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Bytes of a name that file systems take, less the number.
const LONGEST: usize = 200;

/// `/database_dump`
pub(super) fn root(strategy: &str) -> String {
    format!("/{}", escaped(strategy))
}

/// `/database_dump/000001-app1/000000`; what lies between two parts is called `_`.
pub(super) fn path(root: &str, section: u32, part: Option<&str>, piece: u32) -> PathBuf {
    let name = part.map_or_else(|| "_".to_owned(), escaped);
    format!("{root}/{section:06}-{name}/{piece:06}").into()
}

fn escaped(name: &str) -> String {
    let mut name = utf8_percent_encode(name, ESCAPED).to_string();
    name.truncate(LONGEST);
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_sort_by_their_numbers() {
        let path = |section, part, piece| {
            let path = path(&root("database_dump"), section, part, piece);
            path.into_os_string().into_string().unwrap()
        };
        assert_eq!(
            path(1, Some("app1"), 0),
            "/database_dump/000001-app1/000000"
        );
        assert_eq!(path(2, None, 17), "/database_dump/000002-_/000017");
        let odd = path(3, Some("../a \"b\"\n/é"), 0);
        assert_eq!(
            odd,
            "/database_dump/000003-..%2Fa%20%22b%22%0A%2F%C3%A9/000000"
        );
        assert!(path(4, Some(&"x".repeat(900)), 0).len() < 250);
    }
}
