//! A tree of files in a repository, instead of an archive: the host reads what has changed.

use sidecar_sdk::tree::{self, LateFailure};
use sidecar_sdk::{Entry, Result};

use crate::archive_writer::ArchiveWriter;
use crate::gap::GapReason;
use crate::gaps::Gaps;

/// Entries between two looks at what was found late.
const LOOK_EVERY: u32 = 1000;

/// A tree that is being made.
#[derive(Default)]
pub(crate) struct TreeWriter {
    since_look: u32,
}

impl ArchiveWriter for TreeWriter {
    fn add(
        &mut self,
        name: &[u8],
        entry: &Entry,
        follow: bool,
        gaps: &mut Gaps<'_>,
    ) -> Result<bool> {
        self.since_look += 1;
        if self.since_look == LOOK_EVERY {
            self.since_look = 0;
            take(tree::late_failures(), gaps)?;
        }
        match entry.kind.as_str() {
            "file" | "directory" | "symlink" | "fifo" => {}
            kind => {
                gaps.add(&entry.path, GapReason::Special(kind.to_owned()));
                return Ok(false);
            }
        }
        match tree::add(name, &entry.path, follow) {
            Ok(()) => Ok(true),
            Err(failure) => gaps.failed(&entry.path, failure).map(|()| false),
        }
    }

    fn finish(self: Box<Self>, gaps: &mut Gaps<'_>) -> Result<()> {
        take(tree::finish()?, gaps)
    }
}

/// What was found when the files were read, after they had been added.
fn take(late: Vec<LateFailure>, gaps: &mut Gaps<'_>) -> Result<()> {
    for LateFailure { path, failure } in late {
        match failure.code.as_str() {
            "grew" => gaps.add(&path, GapReason::Grew),
            "shrank" => gaps.add(&path, GapReason::Shrank),
            "rewritten" => gaps.add(&path, GapReason::Rewritten),
            _ => gaps.failed(&path, failure)?,
        }
    }
    Ok(())
}
