//! The walk: from the patterns to what goes into the archive, in the byte order of the names.
//!
//! Only the directories between the root and where the walk stands are kept.

use std::vec;

use sidecar_sdk::{Entry, Failure, Result, files, log};

use crate::format::{Format, shown};
use crate::found::Found;
use crate::path::{archive_name, file_name, join};
use crate::pattern::State;
use crate::settings::Settings;

/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 1000;

/// A walk over all patterns at once, so that nothing is archived twice.
pub(crate) struct Walk<'a> {
    settings: &'a Settings,
    format: Box<dyn Format + 'a>,
    /// The sidecar's own files by device and inode: by another path they are still its own.
    own: Vec<(u64, u64)>,
    /// For each pattern, whether anything matched it.
    matched: Vec<bool>,
    stack: Vec<Frame>,
    entries: u64,
    bytes: u64,
}

/// A directory on the way.
struct Frame {
    source: Source,
    progress: Progress,
    /// Device and inode, if known.
    identity: Option<(u64, u64)>,
}

/// Where a directory's entries come from.
enum Source {
    Listing(files::Listing),
    /// The only paths that matter: the directory need not be listed.
    Named(vec::IntoIter<Vec<u8>>),
}

/// How far the patterns have come.
#[derive(Clone)]
struct Progress {
    wanted: State,
    excluded: State,
    /// It, or a directory above it, matched: so everything below is taken.
    taken: bool,
}

/// Something that the walk has come to.
struct Place {
    path: Vec<u8>,
    /// Unknown if only a pattern names it.
    entry: Option<Entry>,
    progress: Progress,
    /// The device of the directory above, if known.
    device: Option<u64>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(settings: &'a Settings, format: Box<dyn Format + 'a>) -> Self {
        let own = settings
            .own
            .iter()
            .filter_map(|path| files::inspect(path.as_bytes(), true).ok());
        Self {
            settings,
            format,
            own: own.map(|entry| (entry.device, entry.inode)).collect(),
            matched: vec![false; settings.wanted.len()],
            stack: Vec::new(),
            entries: 0,
            bytes: 0,
        }
    }

    /// Walks, and ends the archive.
    pub(crate) fn run(mut self) -> Result<()> {
        let progress = Progress {
            wanted: self.settings.wanted_patterns.start(),
            excluded: self.settings.excluded.start(),
            taken: false,
        };
        self.visit(Place {
            path: b"/".to_vec(),
            entry: None,
            progress,
            device: None,
        })?;
        while let Some(place) = self.next()? {
            self.visit(place)?;
        }
        self.tell_unmatched()?;
        log::report(self.bytes, None, None);
        self.format.finish()
    }

    /// The next place, depth first.
    fn next(&mut self) -> Result<Option<Place>> {
        while let Some(frame) = self.stack.last_mut() {
            let next = match &mut frame.source {
                Source::Named(paths) => paths.next().map(|path| (path, None)),
                Source::Listing(listing) => listing
                    .next()
                    .transpose()?
                    .map(|mut entry| (std::mem::take(&mut entry.path), Some(entry))),
            };
            let Some((path, entry)) = next else {
                self.stack.pop();
                continue;
            };
            let name = file_name(&path);
            let progress = Progress {
                wanted: self
                    .settings
                    .wanted_patterns
                    .advance(&frame.progress.wanted, name),
                excluded: self
                    .settings
                    .excluded
                    .advance(&frame.progress.excluded, name),
                taken: frame.progress.taken,
            };
            let device = frame.identity.map(|(device, _)| device);
            return Ok(Some(Place {
                path,
                entry,
                progress,
                device,
            }));
        }
        Ok(None)
    }

    fn visit(&mut self, mut place: Place) -> Result<()> {
        let settings = self.settings;
        let Progress {
            wanted, excluded, ..
        } = &place.progress;
        let own = settings.own.iter().any(|own| own.as_bytes() == place.path);
        if own || settings.excluded.matches(excluded) {
            return Ok(());
        }
        let taken = place.progress.taken || settings.wanted_patterns.matches(wanted);
        if !taken {
            if wanted.is_dead() {
                return Ok(());
            }
            if let Some(names) = settings.wanted_patterns.only_names(wanted) {
                let paths: Vec<_> = names
                    .iter()
                    .map(|name| join(&place.path, name.as_bytes()))
                    .collect();
                if place
                    .entry
                    .is_none_or(|entry| matches!(entry.kind.as_str(), "directory" | "symlink"))
                {
                    let source = Source::Named(paths.into_iter());
                    self.stack.push(Frame {
                        source,
                        progress: place.progress,
                        identity: None,
                    });
                }
                return Ok(());
            }
        }

        let named_by_pattern = place.entry.is_none();
        let found = match place.entry {
            // What a pattern only passes through may be a link, as everywhere else.
            None => Found::named(&place.path, settings.follow || !taken)?,
            Some(mut entry) => {
                entry.path = place.path;
                Some(Found::listed(entry, settings.follow))
            }
        };
        let Some(found) = found.filter(|found| !self.own.contains(&found.identity())) else {
            return Ok(());
        };
        let found = self.without_loops(found)?;
        if taken {
            if named_by_pattern && found.entry.kind == "symlink" && !settings.follow {
                let path = shown(&found.entry.path);
                log::warn(&format!(
                    "{path} is a symbolic link: only the link is archived, unless follow_symlinks is true"
                ));
            }
            for pattern in settings.wanted_patterns.matched(&place.progress.wanted) {
                self.matched[pattern] = true;
            }
            self.add(&found)?;
            place.progress.taken = true;
        }
        self.descend(found, place.progress, place.device)
    }

    /// A link that leads back to a directory above it stays a link: its content is there already.
    fn without_loops(&self, found: Found) -> Result<Found> {
        let identity = Some(found.identity());
        if !found.followed || self.stack.iter().all(|frame| frame.identity != identity) {
            return Ok(found);
        }
        let path = &found.entry.path;
        log::warn(&format!(
            "{} leads back to a directory above it: only the link is archived",
            shown(path)
        ));
        Ok(Found {
            entry: files::inspect(path, false)?,
            followed: false,
        })
    }

    fn add(&mut self, found: &Found) -> Result<()> {
        let name = archive_name(self.settings.base.as_bytes(), &found.entry.path);
        if !self.format.add(name, &found.entry, found.followed)? {
            return Ok(());
        }
        self.entries += 1;
        self.bytes += found.entry.size;
        if self.entries.is_multiple_of(REPORT_EVERY) {
            log::report(self.bytes, None, Some(&shown(name)));
        }
        Ok(())
    }

    /// Goes into what was found if it is a directory that the walk may enter.
    fn descend(&mut self, found: Found, progress: Progress, above: Option<u64>) -> Result<()> {
        let Found { entry, followed } = &found;
        if entry.kind != "directory" {
            return Ok(());
        }
        let mounted = above.is_some_and(|device| device != entry.device);
        if self.settings.one_file_system && progress.taken && mounted {
            return Ok(());
        }
        let identity = Some(found.identity());
        match files::list(&entry.path, *followed) {
            Ok(listing) => {
                self.stack.push(Frame {
                    source: Source::Listing(listing),
                    progress,
                    identity,
                });
                Ok(())
            }
            Err(failure) if files::vanished(&failure) => {
                log::warn(&format!(
                    "{} vanished while it was archived",
                    shown(&entry.path)
                ));
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Nothing at all is a failure; one pattern among several is a warning.
    fn tell_unmatched(&self) -> Result<()> {
        let wanted = &self.settings.wanted;
        if self.entries == 0 {
            let message = format!("nothing matches {}", wanted.join(", "));
            return Err(Failure::new("no-match", message).hint(
                "check strategy.config.paths, and that the volume is mounted in the sidecar",
            ));
        }
        for (pattern, _) in wanted
            .iter()
            .zip(&self.matched)
            .filter(|(_, matched)| !**matched)
        {
            log::warn(&format!("nothing matches {pattern}"));
        }
        Ok(())
    }
}
