//! What the application has written while its directories were exchanged.
//!
//! A program that writes during a restore writes into the old tree until the exchange, and into the new
//! one from then on. Nothing of that may be lost:
//!
//! - Of a name that the archive does not have, the newest version counts that the application has made:
//!   written, replaced, renamed, linked or removed. What it did after the exchange is newer than what it
//!   did before.
//! - Of a name that the archive has, the archive's version counts, unless the application has changed it
//!   after the exchange.
//! - When an exchange is undone, the old tree gets what the application did in the new one meanwhile. Only
//!   what it wrote into a file of the archive without replacing the file goes with that file.
//!
//! Which of the two has changed is a comparison of three: both trees and what they had when the new one
//! was complete ([`super::base`]). Each step is one that can be repeated, so that a process that died here
//! is followed by another one.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, RenameFlags, renameat, renameat_with, unlinkat};
use rustix::io::{Errno, Result};

use super::base::{BaseDirectory, BaseEntry};
use super::directory_facts::DirectoryFacts;
use super::entries::{FOLDER, beneath, names, readable, same_mount};
use super::fault;
use super::remove::remove_tree;
use super::sighting::{EntryId, Sighting, Time, sight};

/// Which tree is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The new one.
    Forward,
    /// The old one again.
    Back,
}

/// What becomes of a name in the tree that is there.
#[derive(Debug, PartialEq, Eq)]
enum MergeAction {
    Stays,
    /// It goes, as in the other tree.
    Goes,
    /// It becomes what the other tree has.
    Comes,
    /// Both are directories that nothing is known of.
    Inside,
}

/// A directory that both trees had: gives the one that is there (`to`) what has changed in the other.
/// `finished` is when the new tree was complete.
pub(super) fn merge_directory(
    from: &OwnedFd,
    to: &OwnedFd,
    directory: &BaseDirectory,
    (direction, finished): (Direction, Time),
    below: &Path,
) -> Result<()> {
    // The application may have removed either of them, or have put something else there.
    let (Some(to), from) = (open(to, below)?, open(from, below)?) else {
        return Ok(());
    };
    // One that the application has put in its place since has nothing of it.
    let expected = match direction {
        Direction::Forward => directory.ids[1],
        Direction::Back => directory.ids[0],
    };
    if sight(&to, Path::new("."))?.is_none_or(|found| found.id != expected) {
        return Ok(());
    }
    let known: BTreeMap<PathBuf, &BaseEntry> = directory
        .entries
        .iter()
        .map(|entry| (entry.name.path(), entry))
        .collect();
    let mut all: BTreeSet<PathBuf> = known.keys().cloned().collect();
    if let Some(from) = &from {
        all.extend(names(from)?);
    }
    for name in all {
        let there = match &from {
            Some(from) => sight(from, &name)?,
            None => None,
        };
        let here = sight(&to, &name)?;
        let base = known.get(&name).copied();
        let action = match base {
            Some(base) => judge(base, there, here, direction, finished),
            None => judge_unknown(there, here, direction),
        };
        apply(action, from.as_ref(), &to, &name, direction)?;
    }
    if let (Some(facts), Some(from), Direction::Forward) = (&directory.facts, &from, direction) {
        merge_facts(facts, from, &to)?;
    }
    Ok(())
}

/// The rule for a name that was known when the new tree was complete.
fn judge(
    base: &BaseEntry,
    there: Option<Sighting>,
    here: Option<Sighting>,
    direction: Direction,
    finished: Time,
) -> MergeAction {
    if direction == Direction::Forward && !base.carried {
        return MergeAction::Stays;
    }
    let (was_there, was_here) = match direction {
        Direction::Forward => (base.old, Some(base.new)),
        Direction::Back => (Some(base.new), base.old),
    };
    let is = |found: Option<Sighting>, id: Option<EntryId>| found.map(|found| found.id) == id;
    if is(there, was_there) {
        return MergeAction::Stays;
    }
    let is_directory = |found: Option<Sighting>| found.is_some_and(|found| found.id.directory);
    if is_directory(there) && is_directory(here) && is(here, was_here) {
        // What is in them is judged by itself.
        return MergeAction::Stays;
    }
    // One file may have both names: then it is here that it was written since.
    let written = here.is_some_and(|here| {
        !here.id.directory && here.written != base.written && here.written > finished
    });
    if is(here, was_here) && !(written && direction == Direction::Forward) {
        return match there {
            None => MergeAction::Goes,
            Some(_) => MergeAction::Comes,
        };
    }
    match (direction, there, here) {
        (Direction::Back, Some(_), None) => MergeAction::Comes,
        (Direction::Back, Some(there), Some(here)) if there.changed > here.changed => {
            MergeAction::Comes
        }
        _ => MergeAction::Stays,
    }
}

/// The rule for a name that came later.
fn judge_unknown(
    there: Option<Sighting>,
    here: Option<Sighting>,
    direction: Direction,
) -> MergeAction {
    match (there, here) {
        (Some(_), None) => MergeAction::Comes,
        (Some(there), Some(here)) if there.id.directory && here.id.directory => MergeAction::Inside,
        (Some(there), Some(here))
            if direction == Direction::Back && there.changed > here.changed =>
        {
            MergeAction::Comes
        }
        _ => MergeAction::Stays,
    }
}

fn apply(
    action: MergeAction,
    from: Option<&OwnedFd>,
    to: &OwnedFd,
    name: &Path,
    direction: Direction,
) -> Result<()> {
    if action != MergeAction::Stays {
        fault::at("follow")?;
    }
    match (action, from) {
        (MergeAction::Stays, _) | (MergeAction::Comes | MergeAction::Inside, None) => Ok(()),
        (MergeAction::Goes, _) => goes(to, name),
        (MergeAction::Comes, Some(from)) => comes(from, to, name, direction),
        (MergeAction::Inside, Some(from)) => take_late_entries(
            &same_mount(from, name)?,
            &beneath(to, name, FOLDER)?,
            direction,
        ),
    }
}

/// A directory in which the application has made something since stays.
fn goes(folder: &OwnedFd, name: &Path) -> Result<()> {
    let removed = match sight(folder, name)? {
        None => return Ok(()),
        Some(found) if found.id.directory => unlinkat(folder, name, AtFlags::REMOVEDIR),
        Some(_) => unlinkat(folder, name, AtFlags::empty()),
    };
    match removed {
        Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        removed => removed,
    }
}

/// What takes a name is there in the same moment: a process may die between any two.
fn comes(from: &OwnedFd, to: &OwnedFd, name: &Path, direction: Direction) -> Result<()> {
    let (Some(there), here) = (sight(from, name)?, sight(to, name)?) else {
        return Ok(());
    };
    match here {
        None => match renameat_with(from, name, to, name, RenameFlags::NOREPLACE) {
            // The application has it again, just now.
            Err(Errno::EXIST) => Ok(()),
            renamed => renamed,
        },
        Some(here) if !there.id.directory && !here.id.directory => renameat(from, name, to, name),
        Some(here) => {
            let has_newer = direction == Direction::Forward && here.id.directory;
            if has_newer && !names(&beneath(to, name, FOLDER)?)?.is_empty() {
                return Ok(());
            }
            renameat_with(from, name, to, name, RenameFlags::EXCHANGE)?;
            remove_tree(from, name)
        }
    }
}

/// Moves what came into a directory after all of it had been carried over.
pub(super) fn take_late_entries(from: &OwnedFd, to: &OwnedFd, direction: Direction) -> Result<()> {
    for name in names(from)? {
        let (there, here) = (sight(from, &name)?, sight(to.as_fd(), &name)?);
        let action = judge_unknown(there, here, direction);
        apply(action, Some(from), to, &name, direction)?;
    }
    Ok(())
}

/// The mode, owner and attributes of a directory that the archive says nothing of.
fn merge_facts(base: &DirectoryFacts, from: &OwnedFd, to: &OwnedFd) -> Result<()> {
    // One that we cannot open is one that we could not have changed.
    let (Ok(from), Ok(to)) = (readable(from), readable(to)) else {
        return Ok(());
    };
    let (there, here) = (DirectoryFacts::of(&from)?, DirectoryFacts::of(&to)?);
    let same = |one: &DirectoryFacts, other: &DirectoryFacts| one.at(other.mtime) == *other;
    if same(&there, base) || !same(&here, base) {
        return Ok(());
    }
    fault::at("follow")?;
    there.at(here.mtime).put_back(&to)
}

fn open(root: &OwnedFd, below: &Path) -> Result<Option<OwnedFd>> {
    match beneath(root, below, FOLDER) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        opened => opened.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(inode: u64, written: i64) -> Sighting {
        Sighting {
            id: EntryId {
                inode,
                directory: false,
                made: Some((inode as i64, 0)),
            },
            written: (written, 0),
            changed: (written, 0),
            is_fixed: false,
        }
    }

    const FINISHED: Time = (100, 0);

    fn forward(there: Option<Sighting>, here: Option<Sighting>) -> MergeAction {
        let base = BaseEntry::carried(Path::new("x"), entry(1, 5).id, &entry(1, 5));
        judge(&base, there, here, Direction::Forward, FINISHED)
    }

    fn back(there: Option<Sighting>, here: Option<Sighting>) -> MergeAction {
        // Inode 1 is the old file, 9 the one of the archive.
        let base = BaseEntry::archived(Path::new("x"), Some(entry(1, 5).id), &entry(9, 5));
        judge(&base, there, here, Direction::Back, FINISHED)
    }

    #[test]
    fn what_the_archive_has_not_is_the_newest_that_the_application_made() {
        let (same, other) = (Some(entry(1, 5)), Some(entry(2, 50)));
        assert_eq!(forward(same, same), MergeAction::Stays);
        assert_eq!(forward(other, same), MergeAction::Comes, "replaced before");
        assert_eq!(forward(None, same), MergeAction::Goes, "removed before");
        for here in [None, Some(entry(3, 200))] {
            assert_eq!(forward(same, here), MergeAction::Stays, "changed after");
            assert_eq!(forward(other, here), MergeAction::Stays, "changed in both");
            assert_eq!(
                forward(None, here),
                MergeAction::Stays,
                "removed, made again"
            );
        }
        let again = entry(1, 5);
        let reused = Sighting {
            id: EntryId {
                made: Some((150, 0)),
                ..again.id
            },
            ..again
        };
        assert_eq!(
            forward(None, Some(reused)),
            MergeAction::Stays,
            "inode 1 again"
        );
        let appended = Some(entry(1, 150));
        assert_eq!(
            forward(other, appended),
            MergeAction::Stays,
            "written after"
        );
        let earlier = Some(entry(1, 90));
        assert_eq!(
            forward(other, earlier),
            MergeAction::Comes,
            "written before"
        );
    }

    #[test]
    fn what_the_archive_has_is_only_changed_by_what_came_after_it() {
        let base = BaseEntry::archived(Path::new("x"), Some(entry(1, 5).id), &entry(9, 5));
        for there in [None, Some(entry(1, 5)), Some(entry(2, 50))] {
            for here in [None, Some(entry(9, 5)), Some(entry(3, 200))] {
                let action = judge(&base, there, here, Direction::Forward, FINISHED);
                assert_eq!(action, MergeAction::Stays);
            }
        }
    }

    #[test]
    fn undone_the_old_tree_gets_what_was_done_in_the_new_one() {
        let (old, new) = (Some(entry(1, 5)), Some(entry(9, 5)));
        assert_eq!(back(new, old), MergeAction::Stays, "untouched");
        assert_eq!(
            back(Some(entry(3, 200)), old),
            MergeAction::Comes,
            "replaced"
        );
        assert_eq!(back(None, old), MergeAction::Goes, "removed");
        assert_eq!(
            back(new, Some(entry(2, 50))),
            MergeAction::Stays,
            "before it"
        );
        let (earlier, later) = (Some(entry(2, 50)), Some(entry(3, 200)));
        assert_eq!(back(later, earlier), MergeAction::Comes, "the later one");
        assert_eq!(back(earlier, later), MergeAction::Stays, "the later one");
        assert_eq!(
            back(later, None),
            MergeAction::Comes,
            "nothing is thrown away"
        );
        assert_eq!(
            back(None, later),
            MergeAction::Stays,
            "nothing is thrown away"
        );
    }

    #[test]
    fn what_came_later_is_taken_unless_the_name_is_used() {
        let (one, other) = (Some(entry(1, 5)), Some(entry(2, 5)));
        let (forward, back) = (Direction::Forward, Direction::Back);
        assert_eq!(judge_unknown(one, None, forward), MergeAction::Comes);
        assert_eq!(judge_unknown(one, other, forward), MergeAction::Stays);
        assert_eq!(judge_unknown(None, other, forward), MergeAction::Stays);
        let later = Some(entry(3, 200));
        assert_eq!(judge_unknown(later, other, back), MergeAction::Comes);
        assert_eq!(judge_unknown(other, later, back), MergeAction::Stays);
    }
}
