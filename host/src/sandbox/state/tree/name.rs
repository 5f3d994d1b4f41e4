//! A name below the target directory.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};
use crate::paths::path_of;

/// Relative, without `.`, `..` and empty steps; "." is the target directory itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(PathBuf);

impl Name {
    /// Refuses every name that could lead out of the directory.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let mut steps = PathBuf::new();
        for step in path_of(bytes).components() {
            match step {
                Component::Normal(step) => steps.push(step),
                Component::CurDir => {}
                _ => return Err(outside(bytes)),
            }
        }
        if bytes.is_empty() || bytes.contains(&0) {
            return Err(outside(bytes));
        }
        if steps.as_os_str().is_empty() {
            steps.push(".");
        }
        Ok(Self(steps))
    }

    /// The target directory itself.
    pub(super) fn root() -> Self {
        Self(PathBuf::from("."))
    }

    /// Below the target directory: nothing for the target itself.
    pub(super) fn below(&self) -> &Path {
        match self.is_root() {
            true => Path::new(""),
            false => &self.0,
        }
    }

    /// Whether it is the target directory itself.
    pub(super) fn is_root(&self) -> bool {
        self.0 == Path::new(".")
    }

    /// For looking it up.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The directory that it stands in, and how it is called there; none for the target itself.
    pub(super) fn split(&self) -> Option<(Name, &Path)> {
        let last = Path::new(self.0.file_name()?);
        let parent = self.0.parent().filter(|path| !path.as_os_str().is_empty());
        Some((Name(parent.unwrap_or(Path::new(".")).to_owned()), last))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

fn outside(bytes: &[u8]) -> Error {
    Error::run(
        "outside-target",
        format!(
            "the name {:?} leads out of the target directory",
            String::from_utf8_lossy(bytes)
        ),
    )
    .hint("nothing was written there; such a name is in no honest archive: find out where it comes from")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below() {
        let path = |name: &[u8]| Name::parse(name).map(|name| name.path().to_owned());
        assert_eq!(path(b"./a//b/./c/").unwrap(), Path::new("a/b/c"));
        assert_eq!(path(b"./.").unwrap(), Path::new("."));
        assert_eq!(path(b"..a/b..").unwrap(), Path::new("..a/b.."));
        for name in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "a/../b",
            "a/..",
            "a\0b",
            "./../x",
        ] {
            let error = path(name.as_bytes()).unwrap_err();
            assert_eq!(error.code(), "outside-target", "{name:?}");
        }
    }

    #[test]
    fn a_name_has_a_parent_up_to_the_target() {
        let name = Name::parse(b"a/b").unwrap();
        let (parent, last) = name.split().unwrap();
        assert_eq!((parent.path(), last), (Path::new("a"), Path::new("b")));
        let (root, last) = parent.split().unwrap();
        assert!(root.is_root() && last == Path::new("a"));
        assert!(root.split().is_none());
    }
}
