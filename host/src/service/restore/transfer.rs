//! Moves bytes of a backup, with progress, and compares them with the manifest.

use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};

use super::fetch_spool::FetchSpool;
use crate::artifact::manifest::{self, Contents};
use crate::artifact::{Part, read_error};
use crate::error::{Error, Kind, Result};
use crate::sandbox::Reporter;
use crate::service::runs::job::Job;

/// Bytes that are moved at once.
pub(super) const CHUNK_SIZE: usize = 256 << 10;

/// What the operator reads meanwhile.
const NOTE: &str = "reading the backup";

/// How many bytes were moved.
pub(super) struct TransferProgress<'a> {
    job: &'a Job,
    done: u64,
    total: u64,
}

impl<'a> TransferProgress<'a> {
    /// None of `total` yet.
    pub(super) fn new(job: &'a Job, total: u64) -> Self {
        Self {
            job,
            done: 0,
            total,
        }
    }

    /// Fails once the run was cancelled.
    fn add(&mut self, bytes: usize) -> Result<()> {
        self.done += bytes as u64;
        self.job.report(self.done, Some(self.total), Some(NOTE));
        self.job.cancel().check()
    }
}

/// Hands everything that `from` has to `take`. Returns the number of bytes.
pub(super) fn transfer(
    from: &mut impl Read,
    mut progress: TransferProgress<'_>,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let mut buffer = vec![0; CHUNK_SIZE];
    loop {
        let read = from.read(&mut buffer).map_err(read_error)?;
        if read == 0 {
            return Ok(progress.done);
        }
        take(&buffer[..read])?;
        progress.add(read)?;
    }
}

/// The same into a file, which gets no more than `most` bytes. Returns their number and digest.
pub(super) fn transfer_into(
    spool: &FetchSpool,
    from: &mut impl Read,
    progress: TransferProgress<'_>,
    most: u64,
) -> Result<(u64, manifest::Sha256)> {
    let mut hash = Sha256::new();
    let mut at = 0;
    let size = transfer(from, progress, |piece| {
        if piece.len() as u64 > most - at {
            return Err(altered(&format!(
                "the backup has more than the {most} bytes that its manifest says"
            )));
        }
        hash.update(piece);
        spool.write(piece, at)?;
        at += piece.len() as u64;
        Ok(())
    })?;
    Ok((size, manifest::Sha256::of(hash)))
}

/// Copies one part to its place in `spool`, and compares it.
pub(super) fn transfer_part(
    from: &mut (impl Read + Seek),
    spool: &FetchSpool,
    part: &Part,
    progress: &mut TransferProgress<'_>,
) -> Result<()> {
    from.seek(SeekFrom::Start(part.offset))
        .map_err(read_error)?;
    let mut hash = Sha256::new();
    let mut at = part.offset;
    let mut from = from.take(part.length);
    let mut buffer = vec![0; CHUNK_SIZE];
    loop {
        let read = from.read(&mut buffer).map_err(read_error)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        spool.write(&buffer[..read], at)?;
        at += read as u64;
        progress.add(read)?;
    }
    let sha256 = Some(manifest::Sha256::of(hash));
    if at - part.offset != part.length || sha256 != part.sha256 {
        return Err(altered(&format!(
            "the part {} is not what was written",
            part.name
        )));
    }
    Ok(())
}

/// Compares what was read from `shown` with the manifest.
pub(super) fn compare(
    shown: &str,
    size: u64,
    sha256: &manifest::Sha256,
    expected: &Contents,
) -> Result<()> {
    if size != expected.stored_size() {
        return Err(altered(&format!(
            "{shown} has {size} bytes instead of {}",
            expected.stored_size()
        )));
    }
    match expected.is_intact(sha256) {
        true => Ok(()),
        false => Err(altered(&format!(
            "{shown} is not what was written: its SHA-256 differs"
        ))),
    }
}

/// The backup cannot be trusted.
pub(super) fn altered(what: &str) -> Error {
    Error::new(Kind::Verification, "altered", what).hint(
        "nothing was restored: take another backup (`sidecar list`), and find out what altered this one",
    )
}
