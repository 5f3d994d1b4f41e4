//! Whether a run could archive what it names: nothing is written, and it takes a bounded time.

use std::time::{Duration, Instant};

use sidecar_sdk::{Entry, Findings, Result, files};

use crate::archive_writer::ArchiveWriter;
use crate::config::Format;
use crate::gap::GapReason;
use crate::gaps::Gaps;
use crate::settings::Settings;
use crate::walk::Walk;

/// How long it may take. What was not reached by then, a run finds out.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
/// Entries that are tried.
const MAX_CHECKED: u32 = 200_000;

/// Says what a run would fail for now.
pub(crate) fn check_tree(settings: &Settings, format: Format) -> Findings {
    let deadline = Instant::now() + CHECK_TIMEOUT;
    let mut left = MAX_CHECKED;
    let walk = Walk::new(
        settings,
        Box::new(ReadabilityChecker(format)),
        Gaps::of_check(settings),
    );
    walk.check(|| {
        left = left.saturating_sub(1);
        left > 0 && Instant::now() < deadline
    })
}

/// Takes an entry if the format can hold it and it can be opened.
struct ReadabilityChecker(Format);

impl ArchiveWriter for ReadabilityChecker {
    fn add(&mut self, _: &[u8], entry: &Entry, follow: bool, gaps: &mut Gaps<'_>) -> Result<bool> {
        match (entry.kind.as_str(), self.0) {
            ("file", _) => {
                if let Err(failure) = files::open(&entry.path, follow) {
                    gaps.failed(&entry.path, failure)?;
                    return Ok(false);
                }
            }
            ("directory" | "symlink", _) | ("fifo", Format::Tar) => {}
            (kind, _) => {
                gaps.add(&entry.path, GapReason::Special(kind.to_owned()));
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn finish(self: Box<Self>, _: &mut Gaps<'_>) -> Result<()> {
        Ok(())
    }
}
