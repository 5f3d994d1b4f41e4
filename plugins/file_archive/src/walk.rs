//! The walk: from the patterns to the entries of the archive, in the byte order of their names.
//!
//! Only the directories between the root and the current entry are in memory.

use std::rc::Rc;
use std::vec;

use sidecar_sdk::{Entry, Failure, Findings, Result, files, log};

use crate::archive_writer::ArchiveWriter;
use crate::gaps::Gaps;
use crate::leftover::is_leftover;
use crate::path::{archive_name, display, file_name, join};
use crate::pattern::PatternState;
use crate::pattern_outcomes::{PatternOutcome, PatternOutcomes};
use crate::resolved_entry::ResolvedEntry;
use crate::settings::Settings;
use crate::survey::survey;

/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 1000;

/// A walk over all patterns at once, so that nothing is archived twice.
pub(crate) struct Walk<'a> {
    settings: &'a Settings,
    writer: Box<dyn ArchiveWriter + 'a>,
    /// The sidecar's own files by device and inode, to recognise them under another path.
    own_files: Vec<(u64, u64)>,
    gaps: Gaps<'a>,
    /// What is known of each pattern.
    patterns: PatternOutcomes,
    stack: Vec<OpenDirectory>,
    entries: u64,
    bytes: u64,
}

/// A directory whose entries are being walked.
struct OpenDirectory {
    source: Source,
    patterns: MatchState,
    /// Device and inode, if known.
    identity: Option<(u64, u64)>,
}

/// Where a directory's entries come from.
enum Source {
    Listing(Vec<u8>, files::Listing),
    /// The only paths that can match: the directory is not listed.
    Named(vec::IntoIter<Vec<u8>>),
}

/// The state of the patterns at a path.
#[derive(Clone)]
struct MatchState {
    included: PatternState,
    excluded: PatternState,
    /// The patterns that the path or a directory above it matched: everything below is archived.
    matched: Option<Rc<[usize]>>,
}

/// A path to visit.
struct Candidate {
    path: Vec<u8>,
    /// None if only a pattern names the path.
    entry: Option<Entry>,
    patterns: MatchState,
    /// The device of the parent directory, if known.
    parent_device: Option<u64>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        writer: Box<dyn ArchiveWriter + 'a>,
        gaps: Gaps<'a>,
    ) -> Self {
        let own_files = settings
            .own_files
            .iter()
            .filter_map(|path| files::inspect(path.as_bytes(), true).ok());
        Self {
            settings,
            writer,
            own_files: own_files.map(|entry| (entry.device, entry.inode)).collect(),
            gaps,
            patterns: PatternOutcomes::new(settings.paths.len()),
            stack: Vec::new(),
            entries: 0,
            bytes: 0,
        }
    }

    /// Archives everything that matches, and ends the archive.
    pub(crate) fn run(mut self) -> Result<()> {
        // Fails before anything is archived if something is not there.
        self.survey()?;
        self.gaps.verdict()?;
        self.visit_all(|| true)?;
        self.patterns.judge(&self.settings.paths, &mut self.gaps);
        self.require_entries()?;
        log::report(self.bytes, None, None);
        self.writer.finish(&mut self.gaps)?;
        self.gaps.verdict()
    }

    /// Tries everything that matches as long as `may_go_on`, and says what a run would fail for.
    pub(crate) fn check(mut self, may_go_on: impl FnMut() -> bool) -> Findings {
        let mut findings = Findings::default();
        let tried = self.survey().and_then(|()| self.visit_all(may_go_on));
        match findings.note(tried) {
            Some(true) => self.patterns.judge(&self.settings.paths, &mut self.gaps),
            Some(false) => log::info(&format!(
                "there is more than can be tried now: {} entries were",
                self.entries
            )),
            None => {}
        }
        let Findings { failures, warnings } = self.gaps.findings();
        findings.failures.extend(failures);
        findings.warnings.extend(warnings);
        findings
    }

    /// Notes what is not there.
    fn survey(&mut self) -> Result<()> {
        for surveyed in survey(self.settings)? {
            self.patterns
                .seen(&[surveyed.pattern], PatternOutcome::Decided);
            self.gaps.take(surveyed.gap);
        }
        Ok(())
    }

    /// Visits everything that matches. Returns false if it was stopped.
    fn visit_all(&mut self, mut may_go_on: impl FnMut() -> bool) -> Result<bool> {
        let patterns = MatchState {
            included: self.settings.included.start(),
            excluded: self.settings.excluded.start(),
            matched: None,
        };
        self.visit(Candidate {
            path: b"/".to_vec(),
            entry: None,
            patterns,
            parent_device: None,
        })?;
        while let Some(candidate) = self.next()? {
            if !may_go_on() {
                return Ok(false);
            }
            self.visit(candidate)?;
        }
        Ok(true)
    }

    /// The next path, depth first.
    fn next(&mut self) -> Result<Option<Candidate>> {
        while let Some(directory) = self.stack.last_mut() {
            let next = match &mut directory.source {
                Source::Named(paths) => paths.next().map(|path| (path, None)),
                Source::Listing(path, listing) => match listing.next() {
                    Some(Err(failure)) => {
                        self.gaps.failed(path, failure)?;
                        None
                    }
                    Some(Ok(mut entry)) => Some((std::mem::take(&mut entry.path), Some(entry))),
                    None => None,
                },
            };
            let Some((path, entry)) = next else {
                self.stack.pop();
                continue;
            };
            let name = file_name(&path);
            let patterns = MatchState {
                included: self
                    .settings
                    .included
                    .advance(&directory.patterns.included, name),
                excluded: self
                    .settings
                    .excluded
                    .advance(&directory.patterns.excluded, name),
                matched: directory.patterns.matched.clone(),
            };
            return Ok(Some(Candidate {
                path,
                entry,
                patterns,
                parent_device: directory.identity.map(|(device, _)| device),
            }));
        }
        Ok(None)
    }

    fn visit(&mut self, mut candidate: Candidate) -> Result<()> {
        let settings = self.settings;
        let MatchState {
            included, excluded, ..
        } = &candidate.patterns;
        let mut own_files = settings.own_files.iter();
        let own = own_files.any(|own| own.as_bytes() == candidate.path);
        let found = candidate.entry.is_some();
        if own || found && is_leftover(file_name(&candidate.path)) {
            return Ok(());
        }
        if settings.excluded.matches(excluded) {
            self.exclude(&candidate);
            return Ok(());
        }
        let matched = candidate.patterns.matched.is_some() || settings.included.matches(included);
        if !matched {
            if included.is_dead() {
                return Ok(());
            }
            if let Some(names) = settings.included.only_names(included) {
                let paths: Vec<_> = names
                    .iter()
                    .map(|name| join(&candidate.path, name.as_bytes()))
                    .collect();
                if candidate
                    .entry
                    .is_none_or(|entry| matches!(entry.kind.as_str(), "directory" | "symlink"))
                {
                    let source = Source::Named(paths.into_iter());
                    self.stack.push(OpenDirectory {
                        source,
                        patterns: candidate.patterns,
                        identity: None,
                    });
                }
                return Ok(());
            }
        }

        let named_by_pattern = candidate.entry.is_none();
        // What the operator names is meant, and not a link there.
        let literal = settings
            .included
            .matched(&candidate.patterns.included)
            .any(|pattern| settings.literal[pattern]);
        let resolved = match candidate.entry {
            // A directory that a pattern only passes through may be a link, as in any path.
            None => {
                let follow = settings.follow || literal || !matched;
                ResolvedEntry::at(&candidate.path, follow, &mut self.gaps)?
            }
            Some(mut entry) => {
                entry.path = candidate.path;
                Some(ResolvedEntry::resolve(
                    entry,
                    settings.follow || literal,
                    &mut self.gaps,
                )?)
            }
        };
        let resolved = resolved.filter(|resolved| !self.own_files.contains(&resolved.identity()));
        let Some(resolved) = resolved else {
            return Ok(());
        };
        let resolved = self.without_loops(resolved)?;
        if matched {
            if named_by_pattern && resolved.entry.kind == "symlink" && !settings.follow && !literal
            {
                let path = display(&resolved.entry.path);
                log::warn(&format!(
                    "{path} is a symbolic link: only the link is archived, unless follow_symlinks is true"
                ));
            }
            let above = candidate.patterns.matched.take().unwrap_or_default();
            let here = settings.included.matched(&candidate.patterns.included);
            let here: Vec<usize> = here.collect();
            let outcome = match resolved.entry.kind.as_str() {
                "directory" => PatternOutcome::Empty,
                _ => PatternOutcome::Decided,
            };
            self.patterns.seen(&above, outcome);
            for pattern in &here {
                // A tree may consist of marks without a byte; a file that is named is to hold something.
                let hollow = resolved.entry.kind == "file"
                    && resolved.entry.size == 0
                    && !settings.paths[*pattern].contains("**");
                let outcome = if hollow {
                    PatternOutcome::ZeroLength
                } else {
                    outcome
                };
                self.patterns.seen(&[*pattern], outcome);
            }
            let all: Rc<[usize]> = match here.is_empty() {
                true => above,
                false => above.iter().copied().chain(here).collect(),
            };
            candidate.patterns.matched = Some(all);
            self.add(&resolved)?;
        }
        self.descend(resolved, candidate.patterns, candidate.parent_device)
    }

    /// What the operator excludes is no gap: not a file among others, nor what `paths` names as well.
    fn exclude(&mut self, candidate: &Candidate) {
        if let Some(matched) = &candidate.patterns.matched {
            self.patterns.seen(matched, PatternOutcome::Excluded);
        }
        self.patterns
            .excluded(&self.settings.paths, &candidate.path);
    }

    /// A link to a directory above it stays a link: the content of that is archived already.
    fn without_loops(&self, resolved: ResolvedEntry) -> Result<ResolvedEntry> {
        let identity = Some(resolved.identity());
        let mut directories = self.stack.iter();
        if !resolved.followed || directories.all(|directory| directory.identity != identity) {
            return Ok(resolved);
        }
        let path = &resolved.entry.path;
        log::warn(&format!(
            "{} leads back to a directory above it: only the link is archived",
            display(path)
        ));
        Ok(ResolvedEntry {
            entry: files::inspect(path, false)?,
            followed: false,
        })
    }

    fn add(&mut self, resolved: &ResolvedEntry) -> Result<()> {
        let name = archive_name(self.settings.base.as_bytes(), &resolved.entry.path);
        let ResolvedEntry { entry, followed } = resolved;
        if !self.writer.add(name, entry, *followed, &mut self.gaps)? {
            return Ok(());
        }
        self.entries += 1;
        self.bytes += entry.size;
        if self.entries.is_multiple_of(REPORT_EVERY) {
            log::report(self.bytes, None, Some(&display(name)));
        }
        Ok(())
    }

    /// Descends into the entry if it is a directory that the walk may enter.
    fn descend(
        &mut self,
        resolved: ResolvedEntry,
        patterns: MatchState,
        parent_device: Option<u64>,
    ) -> Result<()> {
        let ResolvedEntry { entry, followed } = &resolved;
        if entry.kind != "directory" {
            return Ok(());
        }
        let mounted = parent_device.is_some_and(|device| device != entry.device);
        let met_from_above = patterns.matched.is_some() && !self.is_named(&patterns.included);
        if self.settings.one_file_system && mounted && met_from_above {
            let path = display(&entry.path);
            log::warn(&format!(
                "{path} is on another file system: what is in it is left out, because one_file_system is true"
            ));
            return Ok(());
        }
        let identity = Some(resolved.identity());
        match files::list(&entry.path, *followed) {
            Ok(listing) => {
                self.stack.push(OpenDirectory {
                    source: Source::Listing(entry.path.clone(), listing),
                    patterns,
                    identity,
                });
                Ok(())
            }
            Err(failure) => self.gaps.failed(&entry.path, failure),
        }
    }

    /// Whether a pattern names the path itself, not only as one of all below a directory.
    fn is_named(&self, included: &PatternState) -> bool {
        let mut matched = self.settings.included.matched(included);
        matched.any(|pattern| !self.settings.paths[pattern].contains("**"))
    }

    /// An archive without any entry is no backup, whatever is allowed.
    fn require_entries(&self) -> Result<()> {
        if self.entries > 0 {
            return Ok(());
        }
        self.gaps.verdict()?;
        let message = format!("nothing matches {}", self.settings.paths.join(", "));
        Err(Failure::new("no-match", message)
            .hint("check strategy.config.paths and strategy.config.exclude"))
    }
}
