//! After an exchange, or after one that was undone: the tree that is there gets what the application has
//! changed in the other one, by the rule of [`super::merge`]. The restore and the run after one that died
//! come here alike.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::{Errno, Result};

use super::base::{self, BaseLine, BaseReader, BaseRoot};
use super::journal::StepRecord;
use super::merge::{Direction, merge_directory, take_late_entries};
use super::staging::Staging;
use super::step::PlaceFinder;

/// All directories that were exchanged as a whole. What fails keeps no other one from being followed.
pub(super) fn follow(staging: &Staging, direction: Direction) -> Result<()> {
    let file = base::file(&staging.journals, &staging.record.id);
    match BaseReader::open(&file)? {
        Some(base) => by_base(staging, base, direction),
        // A journal of an earlier version.
        None if direction == Direction::Forward => without_base(staging, direction),
        None => Ok(()),
    }
}

fn by_base(staging: &Staging, base: BaseReader, direction: Direction) -> Result<()> {
    let mut places = PlaceFinder::new(&staging.root, &staging.areas);
    let mut current: Option<(PathBuf, OwnedFd, OwnedFd)> = None;
    let mut failed = Ok(());
    let when = (direction, base.finished);
    for line in base {
        let done = match line? {
            BaseLine::Exchanged(root) => {
                current = None;
                trees(staging, &mut places, &root, direction).map(|found| current = found)
            }
            BaseLine::Directory(directory) => match &current {
                Some((root, from, to)) => {
                    let name = directory.name.path();
                    let below = name.strip_prefix(root).unwrap_or(&name);
                    merge_directory(from, to, &directory, when, below)
                }
                None => Ok(()),
            },
        };
        failed = failed.and(done);
    }
    failed
}

/// The tree that is away and the one that is there, if they are where the journal says.
fn trees(
    staging: &Staging,
    places: &mut PlaceFinder<'_>,
    root: &BaseRoot,
    direction: Direction,
) -> Result<Option<(PathBuf, OwnedFd, OwnedFd)>> {
    let name = root.name.path();
    let is_it = |step: &&StepRecord| step.area == root.area && step.name.path() == name;
    let Some(step) = staging.record.steps.iter().find(is_it) else {
        return Ok(None);
    };
    let places = match places.of(step) {
        // Nothing is there that could be followed.
        Err(Errno::NOENT) => return Ok(None),
        places => places?,
    };
    let in_place = match direction {
        Direction::Forward => places.is_done(step)?,
        Direction::Back => places.is_waiting(step)?,
    };
    if !in_place {
        return Ok(None);
    }
    match places.directories() {
        Err(Errno::NOTDIR | Errno::LOOP | Errno::NOENT) => Ok(None),
        found => {
            let (staged, live) = found?;
            Ok(Some((name, staged, live)))
        }
    }
}

fn without_base(staging: &Staging, direction: Direction) -> Result<()> {
    let mut places = PlaceFinder::new(&staging.root, &staging.areas);
    let steps = staging.record.steps.iter();
    for step in steps.filter(|step| step.directory && step.exchange) {
        match places.of(step)?.directories() {
            // A directory took the place of something else.
            Err(Errno::NOTDIR | Errno::LOOP | Errno::NOENT) => {}
            found => {
                let (old, new) = found?;
                take_late_entries(&old, &new, direction)?;
            }
        }
    }
    Ok(())
}

/// Where what could not be followed lies.
pub(super) fn left_in(staging: &Staging) -> String {
    let areas = staging.areas.iter();
    let places: Vec<String> = areas
        .map(|area| area.holder_path.join(Path::new(&area.name)))
        .map(|path| path.display().to_string())
        .collect();
    places.join(", ")
}
