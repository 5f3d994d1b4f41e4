//! What lies in a backup: the parts that its manifest names, the members of a set, or the entries of an archive.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

use crate::artifact::archive::{ArchiveEntry, EntryKind};
use crate::artifact::manifest::Manifest;
use crate::artifact::set::SetMember;
use crate::artifact::{Omission, Part};
use crate::error::Result;
use crate::service::context::Context;
use crate::service::restore;
use crate::service::runs::Order;

/// Entries that are remembered of an archive.
const LARGEST_INDEX: usize = 200_000;
/// How long an archive is read for its index.
const READING_TIMEOUT: Duration = Duration::from_secs(25);
/// Entries and parts of an answer, unless the client asks for another number.
const DEFAULT_LIMIT: usize = 500;
/// The most of them.
const MAX_LIMIT: usize = 1000;

/// What of it is asked for.
#[derive(Debug, Clone, Default)]
pub struct ContentsQuery {
    /// Only what lies directly in this folder; empty: at the top. Left out: everything, however deep.
    pub under: Option<String>,
    /// Only names that have this text in them, whatever the case of its letters.
    pub matching: Option<String>,
    /// How many: 500 unless given, and 1000 at most.
    pub limit: Option<usize>,
}

/// What lies in a backup, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BackupContents")]
pub struct BackupContents {
    /// The backup's id.
    pub id: String,
    /// Databases and other parts, each of which can be restored and fetched alone.
    pub parts: Vec<Part>,
    /// Files, directories and links, where the backup is an archive.
    pub entries: Vec<ContentsEntry>,
    /// Of a set: the backups that it names.
    pub members: Vec<SetMember>,
    /// What belongs in it and is not there.
    pub omissions: Vec<Omission>,
    /// How many parts and entries fit in all, as far as is known.
    pub total: usize,
    /// Whether all of the backup was looked at. False: it is larger than what is read for an answer, or no archive.
    pub complete: bool,
}

/// An entry, or a folder with what lies in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContentsEntry {
    /// What it is.
    #[serde(flatten)]
    pub entry: ArchiveEntry,
    /// Of a folder that was not asked into: how many entries lie in it. Its size is that of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<usize>,
}

/// All that is known of what lies in a backup.
#[derive(Debug)]
pub(in crate::service) struct ContentsIndex {
    manifest: Manifest,
    entries: Vec<ArchiveEntry>,
    complete: bool,
}

/// Looks into a backup. A caller must not be driven by an event loop itself.
pub(in crate::service) fn index(context: &Context, which: &str) -> Result<ContentsIndex> {
    let found = restore::find(context, &Order::all_of(which))?;
    let is_listed = !found.manifest.parts.is_empty() || !found.manifest.members.is_empty();
    let mut entries = Vec::new();
    let mut complete = true;
    if !is_listed {
        let until = Instant::now() + READING_TIMEOUT;
        let is_archive = restore::entries(context, &found, &mut |entry| {
            entries.push(entry);
            match entries.len() >= LARGEST_INDEX || Instant::now() >= until {
                true => {
                    complete = false;
                    ControlFlow::Break(())
                }
                false => ControlFlow::Continue(()),
            }
        });
        complete &= is_archive?;
    }
    Ok(ContentsIndex {
        manifest: found.manifest,
        entries,
        complete,
    })
}

impl ContentsIndex {
    /// Of which backup it is.
    pub(in crate::service) fn id(&self) -> &str {
        &self.manifest.id
    }

    /// What `query` asks for.
    pub(in crate::service) fn select(&self, query: &ContentsQuery) -> BackupContents {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let wanted = query.matching.as_ref().map(|text| text.to_lowercase());
        let fits = |name: &str| {
            let wanted = wanted.as_ref();
            wanted.is_none_or(|wanted| name.to_lowercase().contains(wanted.as_str()))
        };
        let parts = self.manifest.parts.iter().filter(|part| fits(&part.name));
        let parts: Vec<&Part> = parts.collect();
        let entries: Vec<ContentsEntry> = match &query.under {
            None => self
                .entries
                .iter()
                .cloned()
                .map(ContentsEntry::of)
                .collect(),
            Some(folder) => children(&self.entries, folder),
        };
        let entries = entries.into_iter().filter(|one| fits(&one.entry.name));
        let entries: Vec<ContentsEntry> = entries.collect();
        BackupContents {
            id: self.manifest.id.clone(),
            total: parts.len() + entries.len(),
            parts: parts.into_iter().take(limit).cloned().collect(),
            entries: entries.into_iter().take(limit).collect(),
            members: self.manifest.members.clone(),
            omissions: self.manifest.omissions.clone(),
            complete: self.complete,
        }
    }
}

impl ContentsEntry {
    fn of(entry: ArchiveEntry) -> Self {
        Self { entry, holds: None }
    }
}

/// What lies directly in `folder`: folders first, each by name.
fn children(entries: &[ArchiveEntry], folder: &str) -> Vec<ContentsEntry> {
    let folder = folder.trim_matches('/');
    let below = |name: &str| match folder {
        "" => Some(name.to_owned()),
        folder => name
            .strip_prefix(folder)?
            .strip_prefix('/')
            .map(str::to_owned),
    };
    let mut folders: BTreeMap<String, ContentsEntry> = BTreeMap::new();
    let mut files = Vec::new();
    for entry in entries {
        let Some(rest) = below(&entry.name).filter(|rest| !rest.is_empty()) else {
            continue;
        };
        let is_deeper = rest.contains('/');
        if !is_deeper && entry.kind != EntryKind::Directory {
            files.push(ContentsEntry::of(entry.clone()));
            continue;
        }
        let first = rest.split('/').next().unwrap_or_default();
        let name = entry.name[..entry.name.len() - rest.len() + first.len()].to_owned();
        let found = folders
            .entry(name.clone())
            .or_insert_with(|| ContentsEntry {
                entry: ArchiveEntry {
                    name,
                    kind: EntryKind::Directory,
                    size: 0,
                    modified: None,
                },
                holds: Some(0),
            });
        match is_deeper {
            true => {
                found.entry.size += entry.size;
                found.holds = found.holds.map(|holds| holds + 1);
            }
            false => found.entry.modified = entry.modified,
        }
    }
    files.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
    folders.into_values().chain(files).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64) -> ArchiveEntry {
        ArchiveEntry {
            name: name.to_owned(),
            kind: EntryKind::File,
            size,
            modified: None,
        }
    }

    #[test]
    fn a_folder_shows_what_lies_directly_in_it() {
        let entries = [
            file("b.txt", 1),
            file("docs/a", 2),
            file("docs/deep/c", 4),
            file("docsy", 8),
        ];
        let shown = |folder: &str| -> Vec<(String, u64, Option<usize>)> {
            let children = children(&entries, folder).into_iter();
            children
                .map(|one| (one.entry.name, one.entry.size, one.holds))
                .collect()
        };
        let folder = |name: &str, size, holds| (name.to_owned(), size, Some(holds));
        let leaf = |name: &str, size| (name.to_owned(), size, None);
        assert_eq!(
            shown(""),
            [folder("docs", 6, 2), leaf("b.txt", 1), leaf("docsy", 8)]
        );
        assert_eq!(
            shown("docs/"),
            [folder("docs/deep", 4, 1), leaf("docs/a", 2)]
        );
        assert_eq!(shown("nothing"), []);
    }
}
