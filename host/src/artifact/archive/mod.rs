//! What lies in an archive of files: a tar or a ZIP, as it was written, or compressed by the strategy that wrote it.
//!
//! Only the headers are read. Of an archive that cannot be read at any place, such as one that was compressed, all is.

mod source;
mod tar;
mod zip;

use std::io::{self, Read};
use std::ops::ControlFlow;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::artifact::codec;
use crate::config::Codec;
pub use source::ArchiveSource;

/// Bytes that tell a format.
const HEAD: usize = 512;

/// A file, directory or link in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ArchiveEntry {
    /// Its path in the archive, without a slash at its end.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of a file.
    pub size: u64,
    /// When it was last changed. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, or a further name of a file.
    Link,
    /// Anything else.
    Other,
}

/// What is called for each entry, until it has enough.
pub type Visit<'v> = &'v mut dyn FnMut(ArchiveEntry) -> ControlFlow<()>;

/// What is called for each entry with the bytes of a file, as many of which it reads as it needs.
pub type VisitContent<'v> = &'v mut dyn FnMut(ArchiveEntry, &mut dyn Read) -> io::Result<()>;

/// Calls `visit` for each entry, in the order of the archive. Returns false for what is no archive.
pub fn entries(source: ArchiveSource, visit: Visit<'_>) -> io::Result<bool> {
    match decompressed(source)? {
        None => Ok(false),
        Some((source, ArchiveFormat::Zip)) => zip::entries(source, visit),
        Some((mut source, ArchiveFormat::Tar)) => {
            tar::entries(&mut source, &mut |entry, _| Ok(visit(entry)))
        }
    }
}

/// Calls `visit` for each entry of a tar with its bytes, and reads it to its end. Returns false for anything else.
pub fn contents(source: ArchiveSource, visit: VisitContent<'_>) -> io::Result<bool> {
    let Some((mut source, ArchiveFormat::Tar)) = decompressed(source)? else {
        return Ok(false);
    };
    let is_tar = tar::entries(&mut source, &mut |entry, bytes| {
        visit(entry, bytes)?;
        Ok(ControlFlow::Continue(()))
    })?;
    io::copy(&mut source, &mut io::sink())?;
    Ok(is_tar)
}

enum ArchiveFormat {
    Tar,
    Zip,
}

/// The archive as it was before the strategy compressed it; none for what is none.
fn decompressed(mut source: ArchiveSource) -> io::Result<Option<(ArchiveSource, ArchiveFormat)>> {
    // A compressed archive in a compressed archive is a file.
    for _ in 0..2 {
        let head = source.head(HEAD)?;
        if let Some(codec) = compressed_by(&head) {
            source = ArchiveSource::stream(codec::decoder(codec, source.into_read())?);
            continue;
        }
        let format = match zip::is_zip(&head) {
            true => ArchiveFormat::Zip,
            false => ArchiveFormat::Tar,
        };
        return Ok(Some((source, format)));
    }
    Ok(None)
}

fn compressed_by(head: &[u8]) -> Option<Codec> {
    let magic: [(&[u8], Codec); 4] = [
        (b"\x1f\x8b", Codec::Gz),
        (b"BZh", Codec::Bz2),
        (b"\xfd7zXZ\0", Codec::Xz),
        (b"\x28\xb5\x2f\xfd", Codec::Zst),
    ];
    let found = magic.iter().find(|(magic, _)| head.starts_with(magic));
    found.map(|(_, codec)| *codec)
}

#[cfg(test)]
#[path = "tests/properties.rs"]
mod properties;
