//! A stretch of the spool file, passed around instead of its bytes: what a store has in memory does not
//! grow with the parts that it is given.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use rustix::fs::copy_file_range;
use rustix::io::Errno;

use super::blocking::blocking;
use crate::error::{Error, Result};

/// Bytes read at once.
const CHUNK_SIZE: u64 = 256 * 1024;

/// Bytes of the spool file that are there already, and change no more.
#[derive(Debug, Clone)]
pub(super) struct SpoolRange {
    file: Arc<File>,
    start: u64,
    length: u64,
}

impl SpoolRange {
    pub(super) fn new(file: Arc<File>, start: u64, length: u64) -> Self {
        Self {
            file,
            start,
            length,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Shows all of it, a piece at a time.
    pub(super) fn for_each(&self, mut show: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut piece = vec![0; self.length.min(CHUNK_SIZE) as usize];
        let mut rest = self.clone();
        while let Some(size) = rest.advance() {
            let piece = &mut piece[..size as usize];
            let read = rest.file.read_exact_at(piece, rest.start - size);
            read.map_err(unreadable)?;
            show(piece)?;
        }
        Ok(())
    }

    /// All of it, a piece at a time, none of which is read before it is asked for.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        try_unfold(self, async |mut rest| {
            let Some(size) = rest.advance() else {
                return Ok(None);
            };
            let (file, start) = (rest.file.clone(), rest.start - size);
            let piece = blocking(move || {
                let mut piece = vec![0; size as usize];
                let read = file.read_exact_at(&mut piece, start);
                read.map_err(unreadable)?;
                Ok(Bytes::from(piece))
            });
            Ok(Some((piece.await?, rest)))
        })
    }

    /// Appends it to a file, without the bytes passing through here where the kernel can: it clones
    /// what lies on one file system that shares blocks. `explain` says what cannot be written.
    pub(super) fn append_to(
        &self,
        mut to: &File,
        explain: impl Fn(io::Error) -> Error,
    ) -> Result<()> {
        let mut rest = self.clone();
        while rest.length > 0 {
            let length = usize::try_from(rest.length).unwrap_or(usize::MAX);
            let mut start = rest.start;
            match copy_file_range(&*rest.file, Some(&mut start), to, None, length) {
                Ok(copied) if copied > 0 => rest.skip(copied as u64),
                Err(Errno::INTR) => {}
                // Not between these two, or not any more: reading and writing tells which failed.
                _ => return rest.for_each(|piece| to.write_all(piece).map_err(&explain)),
            }
        }
        Ok(())
    }

    /// Leaves out the next piece, and says how long it was.
    fn advance(&mut self) -> Option<u64> {
        let size = self.length.min(CHUNK_SIZE);
        self.skip(size);
        (size > 0).then_some(size)
    }

    fn skip(&mut self, size: u64) {
        self.start += size;
        self.length -= size;
    }
}

fn unreadable(error: io::Error) -> Error {
    let message = format!("cannot read back the artifact: {error}");
    Error::run("spool-unreadable", message).caused_by(error)
}
