//! What lies in a backup, with what can be done with each of it.

use super::visit::PageVisit;
use crate::frontend::http::fields::{FormFields, encoded};
use crate::service::{BackupContents, ContentsQuery, EntryKind};

/// Parts and entries, and the way through the folders of an archive.
pub(super) struct Inside {
    pub(super) rows: Vec<InsideRow>,
    /// The folders above, from the top.
    pub(super) above: Vec<FolderLink>,
    pub(super) matching: String,
    pub(super) under: Option<String>,
    /// How many fit, whether they are listed or not.
    pub(super) total: usize,
    /// Whether there may be more than was looked at.
    pub(super) is_partial: bool,
}

/// A part of a dump, or an entry of an archive.
pub(super) struct InsideRow {
    pub(super) name: String,
    pub(super) size: u64,
    /// What restores it alone, as a value of a form; none if its name would be taken for a pattern.
    pub(super) only: Option<String>,
    /// Where it can be downloaded alone.
    pub(super) download: Option<String>,
    /// Of a folder.
    pub(super) open: Option<String>,
}

/// A link to a folder of an archive.
pub(super) struct FolderLink {
    pub(super) name: String,
    pub(super) href: String,
}

/// What the address asks for: an archive is opened at its top, and searched as a whole.
pub(super) fn query(fields: &FormFields, limit: usize) -> ContentsQuery {
    let matching = fields.get("match").map(str::to_owned);
    let under = fields.get("under").unwrap_or_default().to_owned();
    ContentsQuery {
        under: matching.is_none().then_some(under),
        matching,
        limit: Some(limit),
    }
}

impl Inside {
    pub(super) fn of(visit: &PageVisit, query: ContentsQuery, contents: BackupContents) -> Self {
        let folder = |under: &str| {
            let fields = visit.query.replacing("match", None);
            let fields = fields.replacing("inside", Some("1"));
            format!("{}#inside", fields.replacing("under", Some(under)).query())
        };
        // Twice: as a value of a form is, and as an address has it.
        let download = |only: &str| format!("{}/artifact?only={}", contents.id, encoded(only));
        let parts = contents.parts.into_iter().map(|part| InsideRow {
            size: part.length,
            only: Some(encoded(&part.name)),
            download: Some(download(&encoded(&part.name))),
            open: None,
            name: part.name,
        });
        let entries = contents.entries.into_iter().map(|found| {
            let entry = found.entry;
            let is_directory = entry.kind == EntryKind::Directory;
            let selects = match is_directory {
                true => format!("{}/**", entry.name),
                false => entry.name.clone(),
            };
            InsideRow {
                size: entry.size,
                only: is_plain(&entry.name).then(|| encoded(&selects)),
                download: Some(download(&encoded(&entry.name))),
                open: is_directory.then(|| folder(&entry.name)),
                name: entry.name,
            }
        });
        let under = query.under.clone().filter(|under| !under.is_empty());
        let mut above = Vec::new();
        let mut path = String::new();
        for name in under.iter().flat_map(|under| under.split('/')) {
            let separator = if path.is_empty() { "" } else { "/" };
            path = format!("{path}{separator}{name}");
            above.push(FolderLink {
                name: name.to_owned(),
                href: folder(&path),
            });
        }
        Self {
            rows: parts.chain(entries).collect(),
            above,
            matching: query.matching.unwrap_or_default(),
            under,
            total: contents.total,
            is_partial: !contents.complete,
        }
    }
}

/// Whether a selection of this name means this name alone. One that is no UTF-8 is shown with marks in its place, as
/// another one may be.
fn is_plain(name: &str) -> bool {
    !name.contains([
        '*',
        '?',
        '[',
        ']',
        '{',
        '}',
        '\\',
        char::REPLACEMENT_CHARACTER,
    ])
}
