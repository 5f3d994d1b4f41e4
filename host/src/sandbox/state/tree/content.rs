//! A file's content: out of the backup, decompressed, compared.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::name::Name;
use super::sparse::SparseFile;
use crate::artifact::FetchedRange;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::state::copy::copy;

/// Compressed bytes that are read at once.
const CHUNK_SIZE: usize = 256 << 10;

/// Bytes that one byte of a deflate stream can become.
const MOST_INFLATED: u64 = 1032;

/// How a file's content lies in the backup, and what it shall be.
pub(in crate::sandbox) struct Body<'a> {
    pub(in crate::sandbox) range: FetchedRange,
    /// Bytes of the file.
    pub(in crate::sandbox) size: u64,
    /// "stored" or "deflated".
    pub(in crate::sandbox) method: &'a str,
    pub(in crate::sandbox) crc32: Option<u32>,
}

impl Body<'_> {
    /// Whether so many bytes can come out of what is there: known before any is written.
    fn is_possible(&self) -> bool {
        let there = self.range.left();
        match self.method {
            "stored" => self.size == there,
            _ => self.size <= there.saturating_mul(MOST_INFLATED),
        }
    }

    /// Writes exactly what was promised; one byte more, less, or other is the failure "damaged".
    pub(super) fn write_to(self, file: &File, name: &Name, cancel: &Cancel) -> Result<()> {
        if !self.is_possible() {
            return Err(damaged(name, "it cannot have as many bytes as it says"));
        }
        let reader: Box<dyn Read> = match self.method {
            "stored" => Box::new(self.range),
            "deflated" => Box::new(DeflateDecoder::new(BufReader::with_capacity(
                CHUNK_SIZE, self.range,
            ))),
            other => {
                return Err(Error::run(
                    "unknown-method",
                    format!("{name} is compressed by {other:?}, which this host does not know"),
                )
                .hint("use the sidecar that the module was written for"));
            }
        };
        // A byte more than promised is enough to know: a bomb does not go off.
        let mut reader = reader.take(self.size.saturating_add(1));
        let mut writer = CheckedFile {
            file: SparseFile::new(file),
            left: self.size,
            crc: Crc::new(),
        };
        let wrong = |error: io::Error| match error.kind() {
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof => damaged(name, &error.to_string()),
            _ => Error::io("write", name.path(), error),
        };
        copy(&mut reader, &mut writer, cancel, wrong)?;
        if writer.left > 0 {
            let message = format!("it has {} bytes less than it should", writer.left);
            return Err(damaged(name, &message));
        }
        let sum = writer.crc.sum();
        writer
            .file
            .finish()
            .map_err(|error| Error::io("write", name.path(), error))?;
        match self.crc32 {
            Some(expected) if sum != expected => Err(damaged(name, "its CRC-32 differs")),
            _ => Ok(()),
        }
    }
}

struct CheckedFile<'a> {
    file: SparseFile<'a>,
    left: u64,
    crc: Crc,
}

impl Write for CheckedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len() as u64;
        self.left = self.left.checked_sub(length).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "it has more bytes than it should",
            )
        })?;
        self.crc.update(bytes);
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn damaged(name: &Name, what: &str) -> Error {
    Error::run("damaged", format!("{name} is damaged in the backup: {what}"))
        .hint("the backup is what was written, so it was damaged or altered when it was made: restore an older one")
}
