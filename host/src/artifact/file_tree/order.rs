//! The names of a tree: relative, and in the order that a repository needs. Each directory comes before
//! what is in it, and what is in it is sorted by bytes.

use crate::error::{Error, Result};

/// Bytes of a path at most, as in Linux.
const LONGEST_PATH: usize = 4096;
/// Bytes of a name at most.
const LONGEST_NAME: usize = 255;

/// About the bytes that the entries of a directory, and of those above it, may need: the repository has them in memory
/// until the directory ends. About a million and a half entries.
const MOST_OPEN: usize = 512 << 20;
/// Of an entry, beside its name and attributes.
const AROUND: usize = 300;

/// Where a tree has come to.
#[derive(Debug, Default)]
pub(super) struct TreeOrder {
    /// The names on the way to the last entry.
    last: Vec<Vec<u8>>,
    /// Whether that is a directory.
    is_directory: bool,
    begun: bool,
    /// What the entries need of each directory that has not ended, the outermost first.
    open: Vec<usize>,
}

impl TreeOrder {
    /// Takes the next name, or refuses it. `attributes`: bytes of its attributes.
    pub(super) fn next(
        &mut self,
        name: &[u8],
        is_directory: bool,
        attributes: usize,
    ) -> Result<()> {
        let names: Vec<&[u8]> = match name {
            b"." => Vec::new(),
            name => name.split(|byte| *byte == b'/').collect(),
        };
        let is_name = |name: &&[u8]| {
            !matches!(*name, b"" | b"." | b"..") && name.len() <= LONGEST_NAME && !name.contains(&0)
        };
        if name.len() > LONGEST_PATH || !names.iter().all(is_name) {
            return Err(refused("bad-name", name, "is no name in a tree"));
        }
        if names.is_empty() && !is_directory {
            return Err(refused("bad-name", name, "is a directory in every tree"));
        }
        if std::mem::replace(&mut self.begun, true) {
            self.require_behind_last(name, &names)?;
        }
        self.require_room(name, names.len(), attributes)?;
        self.last = names.into_iter().map(<[u8]>::to_vec).collect();
        self.is_directory = is_directory;
        Ok(())
    }

    fn require_room(&mut self, name: &[u8], depth: usize, attributes: usize) -> Result<()> {
        self.open.resize(depth.max(1), 0);
        if let Some(innermost) = self.open.last_mut() {
            *innermost += AROUND + name.len() + attributes;
        }
        match self.open.iter().sum::<usize>() <= MOST_OPEN {
            true => Ok(()),
            false => Err(refused(
                "directory-too-large",
                name,
                "has too many beside it for one directory of a repository",
            )),
        }
    }

    fn require_behind_last(&self, name: &[u8], names: &[&[u8]]) -> Result<()> {
        let pairs = self.last.iter().zip(names);
        let common = pairs.take_while(|(one, other)| one == *other).count();
        match (self.last.get(common), names.get(common)) {
            (None, None) => Err(refused("bad-order", name, "was added before")),
            (None, Some(_)) if self.is_directory => Ok(()),
            (None, Some(_)) => Err(refused("bad-order", name, "lies in what is no directory")),
            (Some(_), None) => Err(refused("bad-order", name, "comes after what is in it")),
            (Some(last), Some(next)) if last.as_slice() < *next => Ok(()),
            (Some(_), Some(_)) => Err(refused("bad-order", name, "comes after what is behind it")),
        }
    }
}

fn refused(code: &'static str, name: &[u8], what: &str) -> Error {
    let shown: String = name.escape_ascii().map(char::from).take(200).collect();
    Error::run(code, format!("{shown:?} {what}"))
        .hint("a module adds each directory before what is in it, sorted by the bytes of the names")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn codes(names: &[(&str, bool)]) -> Vec<String> {
        let mut order = TreeOrder::default();
        let codes = names.iter().map(|(name, is_directory)| {
            match order.next(name.as_bytes(), *is_directory, 0) {
                Ok(()) => String::new(),
                Err(error) => error.code().to_owned(),
            }
        });
        codes.filter(|code| !code.is_empty()).collect()
    }

    #[test]
    fn a_walk_is_in_order() {
        let walk = [
            (".", true),
            ("a", true),
            ("a/b", false),
            ("a/c/d", false),
            ("a/c/e", false),
            // Behind "a/…" although "." is less than "/".
            ("a.txt", false),
            ("b/x/y/z", false),
            ("c", false),
        ];
        assert_eq!(codes(&walk), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in [
            "", "/", "/etc", "a/", "a//b", "..", "../a", "a/..", "a/../b", "./a", "a/.", "a\0b",
        ] {
            assert_eq!(codes(&[(name, true)]), ["bad-name"], "{name:?}");
        }
        assert_eq!(codes(&[(".", false)]), ["bad-name"]);
        assert_eq!(codes(&[(&"x".repeat(256), false)]), ["bad-name"]);
        assert_eq!(codes(&[(&"x/".repeat(3000), false)]), ["bad-name"]);
    }

    #[test]
    fn what_is_out_of_order_is_refused() {
        for names in [
            [("a", false), ("a", false)],
            [("b", false), ("a", false)],
            [("a", false), ("a/b", false)],
            [("a/b", false), ("a", true)],
            [("a/b", false), ("a/a", false)],
            [("a", true), (".", true)],
            [("b/c", false), ("a/d", false)],
        ] {
            assert_eq!(codes(&names), ["bad-order"], "{names:?}");
        }
    }

    #[test]
    fn a_million_entries_are_taken_and_a_directory_has_an_end() {
        let mut order = TreeOrder::default();
        for number in 0..1_000_000 {
            let name = format!("{number:07}");
            order.next(name.as_bytes(), false, 0).unwrap();
        }
        // What has ended needs nothing.
        for number in 0..1000 {
            let name = format!("a/{number:04}/file");
            order.next(name.as_bytes(), false, 64 << 10).unwrap();
        }
        let mut large = (0..).map(|number| {
            let name = format!("b/{number:07}");
            order.next(name.as_bytes(), false, 64 << 10)
        });
        let error = large.find_map(Result::err).unwrap();
        assert_eq!(error.code(), "directory-too-large");
    }
}
