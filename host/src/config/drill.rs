//! `drill`, as the rest of the house sees it.

use super::model::Secret;

/// How a backup is tried.
#[derive(Debug, Clone)]
pub struct Drill {
    /// When, in UTC; none: only when somebody asks for it.
    pub cron: Option<String>,
    /// Where it is restored into: a URL may hold a password.
    pub into: Secret,
    /// Commands that fail if the restored data is not right.
    pub check: Vec<String>,
}

impl Drill {
    /// The directory of a target that is one.
    pub fn directory(&self) -> Option<&std::path::Path> {
        let into = self.into.reveal();
        (!into.contains("://")).then(|| std::path::Path::new(into))
    }
}
