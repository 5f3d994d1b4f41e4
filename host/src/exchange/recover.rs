//! After a process that died in a restore: forward to the new tree if it was complete, else back to what
//! was there. Only what a journal names is touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::{Errno, Result as IoResult};

use super::area::Area;
use super::commit::{open_directories, set_directories, undo};
use super::entries::{FOLDER, absolute, beneath, facts, is_dir, names, same_mount};
use super::follow::follow;
use super::journal::{ExchangeProgress, Record};
use super::merge::Direction;
use super::sighting::sight;
use super::staging::Staging;
use super::step::PlaceFinder;
use super::{PARTIAL, STAGED};
use crate::error::{Error, Result};

/// Finishes what restores have left that died, as their journals in this folder say.
pub(crate) fn recover(journals: &Path) -> Result<()> {
    let entries = match fs::read_dir(journals) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Error::io("read", journals, error))?,
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            one(journals, &path)?;
        }
    }
    Ok(())
}

fn one(journals: &Path, file: &Path) -> Result<()> {
    let text = fs::read(file).map_err(|error| Error::io("read", file, error))?;
    let Ok(record) = serde_json::from_slice::<Record>(&text) else {
        let path = file.display();
        return Err(Error::run(
            "restore-interrupted",
            format!("a restore was interrupted, and its journal {path} cannot be read"),
        )
        .hint(format!(
            "look for folders {STAGED}* beside what was restored, and then remove {path}"
        )));
    };
    let target = record.target.path();
    let shown = target.display().to_string();
    let root = match absolute(&target) {
        Ok(root) => root,
        Err(Errno::NOENT) if record.areas.is_empty() || beside_is_gone(&record) => {
            record.remove(journals);
            return Ok(());
        }
        Err(error) => return Err(stuck(&shown, file, error)),
    };
    let progress = record.progress;
    let finished = finish(journals, record, root).map_err(|error| stuck(&shown, file, error))?;
    if let Some(what) = finished {
        tracing::warn!(path = shown, "{what}");
    }
    tracing::debug!(
        path = shown,
        ?progress,
        "a restore that was interrupted is over"
    );
    Ok(())
}

/// Whether nothing is left of where the tree was built.
fn beside_is_gone(record: &Record) -> bool {
    let mut areas = record.areas.iter();
    areas.all(|area| absolute(&area.holder.path()).is_err())
}

/// Returns what was done, if anything was.
fn finish(journals: &Path, record: Record, root: OwnedFd) -> IoResult<Option<&'static str>> {
    if record.progress == ExchangeProgress::Adding {
        remove_partial(&root, Path::new(&format!("{PARTIAL}{}", record.id)))?;
        record.remove(journals);
        return Ok(None);
    }
    let mut areas = Vec::new();
    for known in &record.areas {
        areas.push(area(&record, known)?);
    }
    let mut staging = Staging {
        journals: journals.to_owned(),
        target: record.target.path(),
        root: Arc::new(root),
        areas,
        directories: true,
        facts: BTreeMap::new(),
        before: BTreeMap::new(),
        record,
    };
    let mut progress = staging.record.progress;
    if progress == ExchangeProgress::Exchanging && has_not_begun(&staging)? {
        // What the application wrote since is newer than the backup.
        progress = ExchangeProgress::Undoing;
    }
    let done = match progress {
        ExchangeProgress::Exchanging => match forward(&staging) {
            Ok(()) => complete(&staging),
            Err(error) => {
                tracing::warn!(%error, "a restore that was interrupted cannot be completed: it is undone");
                progress = ExchangeProgress::Undoing;
                staging.record.progress = progress;
                let written = staging.record.write(journals).map_err(|_| error);
                written
                    .and_then(|()| {
                        undo(&staging.record.steps, &staging.record.directories, &staging)
                    })
                    .map(|()| "a restore that was interrupted was undone")
            }
        },
        ExchangeProgress::Undoing => {
            undo(&staging.record.steps, &staging.record.directories, &staging)
                .map(|()| "a restore that was interrupted was undone")
        }
        ExchangeProgress::Building => {
            Ok("what an interrupted restore had built was removed; nothing was replaced")
        }
        ExchangeProgress::Adding | ExchangeProgress::Done => {
            Ok("what a restore had replaced was removed")
        }
    };
    match done {
        Ok(what) => {
            staging.remember(progress);
            staging.record.progress = ExchangeProgress::Done;
            if let Err(error) = staging.record.write(journals) {
                tracing::warn!(
                    "a restore that was interrupted is tidied up by the next run: {error}"
                );
                staging.areas.clear();
                return Ok(Some(what));
            }
            staging.tidy();
            Ok(Some(what))
        }
        Err(error) => {
            // Both trees stay.
            staging.areas.clear();
            Err(error)
        }
    }
}

impl Staging {
    /// What directories shall be that something was built in.
    fn remember(&mut self, progress: ExchangeProgress) {
        for area in &self.record.areas {
            if let Some(before) = &area.before {
                self.before.insert(area.holder.path(), before.clone());
            }
        }
        for directory in &self.record.directories {
            if let Some(known) = self.before.get_mut(&directory.path.path())
                && matches!(
                    progress,
                    ExchangeProgress::Exchanging | ExchangeProgress::Done
                )
            {
                *known = directory.after.clone();
            }
        }
    }
}

/// Whether all that is new still lies where it was built.
fn has_not_begun(staging: &Staging) -> IoResult<bool> {
    let mut places = PlaceFinder::new(&staging.root, &staging.areas);
    for step in &staging.record.steps {
        match places.of(step) {
            // The application has removed the directory that it belongs into.
            Err(Errno::NOENT) => {}
            found => {
                if !found?.is_waiting(step)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// The new tree is complete: everything gets its place.
fn forward(staging: &Staging) -> IoResult<()> {
    open_directories(&staging.record.directories);
    let mut places = PlaceFinder::new(&staging.root, &staging.areas);
    for step in &staging.record.steps {
        let places = places.of(step)?;
        if places.is_done(step)? {
            continue;
        }
        if places.is_waiting(step)? {
            places.exchange(step)?;
        }
    }
    Ok(())
}

/// Everything has its place. What cannot be followed keeps both trees.
fn complete(staging: &Staging) -> IoResult<&'static str> {
    follow(staging, Direction::Forward)?;
    set_directories(&staging.record.directories)?;
    Ok("a restore that was interrupted was completed")
}

/// A folder that a journal names, if it is that one.
fn area(record: &Record, known: &super::journal::AreaRecord) -> IoResult<Area> {
    let holder_path = known.holder.path();
    let holder = Arc::new(absolute(&holder_path)?);
    let name = PathBuf::from(format!("{STAGED}{}", record.id));
    let base = known.base.path();
    let target = record.target.path();
    let beside = (holder_path != target.join(&base)).then(|| target.file_name().map(PathBuf::from));
    let found = sight(&holder, &name)?;
    let folder = match &found {
        Some(_) => beneath(&holder, &name, FOLDER)?,
        None => absolute(&holder_path)?,
    };
    Ok(Area {
        id: found.map(|found| found.id),
        folder: Arc::new(folder),
        holder,
        holder_path,
        name,
        base,
        beside: beside.flatten(),
    })
}

/// Removes every entry of that name, which only the restore has given.
fn remove_partial(folder: &OwnedFd, name: &Path) -> IoResult<()> {
    for entry in names(folder)? {
        let Some(found) = facts(folder, &entry)? else {
            continue;
        };
        if entry == name && !is_dir(&found) {
            rustix::fs::unlinkat(folder, &entry, rustix::fs::AtFlags::empty())?;
        } else if is_dir(&found)
            && let Ok(inner) = same_mount(folder, &entry)
        {
            // What cannot be listed was not written to.
            remove_partial(&inner, name).ok();
        }
    }
    Ok(())
}

fn stuck(target: &str, file: &Path, error: Errno) -> Error {
    let file = file.display();
    let reason = std::io::Error::from(error);
    Error::run(
        "restore-interrupted",
        format!("a restore into {target} was interrupted, and can be neither completed nor undone: {reason}"),
    )
    .hint(format!("make {target} accessible as it was and try again; to leave it as it is, remove {file}"))
}
