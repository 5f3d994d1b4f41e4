//! What a database is restored from, and what of it: the same for each way.

use sidecar_sdk::restore::Part;

use super::catalogue::PostgresProperties;
use super::drill_mark::DrillMark;
use super::live::LiveDatabase;
use super::ownership::Adapted;
use super::server::PostgresServer;

/// The restore of one database.
#[derive(Clone, Copy)]
pub(super) struct DatabaseRestore<'a> {
    pub(super) server: &'a PostgresServer,
    pub(super) part: &'a Part,
    /// Whether it gets the name that it had.
    pub(super) original: bool,
    pub(super) name: &'a str,
    /// What belongs to it and is not in the archive, as it can be had here.
    pub(super) backup: &'a PostgresProperties,
    /// What is there under its name.
    pub(super) live: Option<&'a LiveDatabase>,
    pub(super) adapted: &'a Adapted,
    /// Only in a drill.
    pub(super) mark: Option<&'a DrillMark>,
}

impl DatabaseRestore<'_> {
    /// What the database with this number says of itself once it is restored.
    pub(super) fn comment(&self, number: u64, comment: Option<&str>) -> Option<String> {
        match self.mark {
            Some(mark) => Some(mark.comment(self.name, number, comment)),
            None => comment.map(str::to_owned),
        }
    }
}
