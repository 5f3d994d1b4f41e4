//! A file that is deflated while the module does something else.

use std::path::PathBuf;

use super::open_file::warn_short;
use crate::artifact::codec::deflate::{DeflatedBytes, Prepared};
use crate::error::{Error, Result};

/// A file that is being deflated, or was.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct DeflatedFile {
    path: PathBuf,
    progress: DeflateProgress,
}

enum DeflateProgress {
    Prepared(Prepared),
    Done(DeflatedBytes),
    /// Reading the file failed, which was reported.
    Failed,
}

impl DeflatedFile {
    /// The file at `path`, which `prepared` deflates.
    pub(in crate::sandbox) fn new(path: PathBuf, prepared: Prepared) -> Self {
        Self {
            path,
            progress: DeflateProgress::Prepared(prepared),
        }
    }

    /// Waits until it is done.
    pub(in crate::sandbox) fn done(&mut self) -> Result<&DeflatedBytes> {
        if let DeflateProgress::Prepared(_) = self.progress
            && let DeflateProgress::Prepared(prepared) =
                std::mem::replace(&mut self.progress, DeflateProgress::Failed)
        {
            let done = prepared
                .wait()
                .map_err(|error| Error::io("read", &self.path, error))?;
            if done.facts.from_file < done.facts.length {
                warn_short(&self.path, done.facts.length, done.facts.from_file);
            }
            self.progress = DeflateProgress::Done(done);
        }
        match &self.progress {
            DeflateProgress::Done(done) => Ok(done),
            _ => Err(Error::run(
                "not-deflated",
                format!("{} could not be read before", self.path.display()),
            )),
        }
    }
}
