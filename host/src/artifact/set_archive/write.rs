//! Writes the bytes around the entries, and knows what came between.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libdeflater::Crc;
use sha2::{Digest as _, Sha256};

use crate::artifact::manifest;
use crate::artifact::zip_fields::{
    CENTRAL, DESCRIPTOR, END, END_64, END_64_SIZE, EXTRA_64, FLAGS, Fields, LOCAL, LOCATOR_64,
    MANY, VERSION, short,
};

/// Bytes of 64-bit sizes in an extra field.
const SIZES_64: u16 = 16;
/// The same with its head.
const EXTRA_SIZE: u16 = SIZES_64 + 4;

/// A ZIP that is being written. It hands out the bytes around the entries, in their order, and is told the bytes of
/// the entries themselves; the caller sends both.
#[derive(Default)]
pub struct ArchiveWriter {
    position: u64,
    hash: Sha256,
    entries: Vec<WrittenEntry>,
    /// Of the entry that was begun.
    crc: Crc,
    began: u64,
}

struct WrittenEntry {
    name: String,
    /// As MS-DOS has dates and times.
    modified: (u16, u16),
    offset: u64,
    size: u64,
    crc: u32,
}

impl ArchiveWriter {
    /// The head of an entry, whose bytes follow.
    pub fn begin(&mut self, name: &str, modified: Timestamp) -> Vec<u8> {
        let entry = WrittenEntry {
            name: name.to_owned(),
            modified: dos(modified),
            offset: self.position,
            size: 0,
            crc: 0,
        };
        // Sizes of 0 and a checksum of 0: they follow the bytes, with 64 bits, as the extra field says.
        let head = Fields::default()
            .u32(LOCAL)
            .u16(VERSION)
            .u16(FLAGS)
            .u16(0)
            .u16(entry.modified.1)
            .u16(entry.modified.0)
            .u32(0)
            .u32(u32::MAX)
            .u32(u32::MAX)
            .u16(length(name))
            .u16(EXTRA_SIZE)
            .bytes(name.as_bytes())
            .u16(EXTRA_64)
            .u16(SIZES_64)
            .u64(0)
            .u64(0);
        self.entries.push(entry);
        self.crc = Crc::new();
        let head = self.count(head.0);
        self.began = self.position;
        head
    }

    /// These bytes of the entry were sent.
    pub fn add(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.hash.update(bytes);
        self.position += bytes.len() as u64;
    }

    /// So many bytes of the entry will be sent: only the size of the file will be known of this writer.
    pub fn skip(&mut self, bytes: u64) {
        self.position += bytes;
    }

    /// What follows the bytes of the entry.
    pub fn end(&mut self) -> Vec<u8> {
        let (size, crc) = (self.position - self.began, self.crc.sum());
        if let Some(entry) = self.entries.last_mut() {
            (entry.size, entry.crc) = (size, crc);
        }
        let descriptor = Fields::default().u32(DESCRIPTOR).u32(crc);
        self.count(descriptor.u64(size).u64(size).0)
    }

    /// The end of the file.
    pub fn finish(&mut self) -> Vec<u8> {
        let start = self.position;
        let mut directory = Fields::default();
        for entry in &self.entries {
            directory = entry.central(directory);
        }
        let (size, count) = (directory.0.len() as u64, self.entries.len());
        let few = u16::try_from(count).ok().filter(|count| *count < MANY);
        let end = match few {
            Some(_) if start + size < u64::from(u32::MAX) => directory,
            _ => directory
                .u32(END_64)
                .u64(END_64_SIZE as u64 - 12)
                .u16(VERSION)
                .u16(VERSION)
                .u32(0)
                .u32(0)
                .u64(count as u64)
                .u64(count as u64)
                .u64(size)
                .u64(start)
                .u32(LOCATOR_64)
                .u32(0)
                .u64(start + size)
                .u32(1),
        };
        let count = few.unwrap_or(MANY);
        let end = end.u32(END).u16(0).u16(0).u16(count).u16(count);
        self.count(end.u32(short(size)).u32(short(start)).u16(0).0)
    }

    /// Bytes, and their SHA-256.
    pub fn measured(self) -> (u64, manifest::Sha256) {
        (self.position, manifest::Sha256::of(self.hash))
    }

    fn count(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.hash.update(&bytes);
        self.position += bytes.len() as u64;
        bytes
    }
}

impl WrittenEntry {
    fn central(&self, directory: Fields) -> Fields {
        let sizes = self.size >= u64::from(u32::MAX);
        let far = self.offset >= u64::from(u32::MAX);
        let mut extra = Fields::default();
        if sizes {
            extra = extra.u64(self.size).u64(self.size);
        }
        if far {
            extra = extra.u64(self.offset);
        }
        let extra_length = match extra.0.len() as u16 {
            0 => 0,
            numbers => numbers + 4,
        };
        let size = if sizes { u32::MAX } else { short(self.size) };
        let offset = if far { u32::MAX } else { short(self.offset) };
        let directory = directory
            .u32(CENTRAL)
            // Made on Unix.
            .u16(3 << 8 | VERSION)
            .u16(VERSION)
            .u16(FLAGS)
            .u16(0)
            .u16(self.modified.1)
            .u16(self.modified.0)
            .u32(self.crc)
            .u32(size)
            .u32(size)
            .u16(length(&self.name))
            .u16(extra_length)
            .u16(0)
            .u16(0)
            .u16(0)
            // A plain file that its owner may read and write.
            .u32(0o100_600 << 16)
            .u32(offset)
            .bytes(self.name.as_bytes());
        match extra_length {
            0 => directory,
            length => directory.u16(EXTRA_64).u16(length - 4).bytes(&extra.0),
        }
    }
}

/// Of a name that is shorter than 64 KiB.
fn length(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}

/// Date and time, which begin in 1980 and have two seconds.
fn dos(at: Timestamp) -> (u16, u16) {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    let part = |number: i8| u16::from(number.unsigned_abs());
    let years = u16::try_from(at.year() - 1980).unwrap_or(0).min(127);
    let date = years << 9 | part(at.month()) << 5 | part(at.day());
    let time = part(at.hour()) << 11 | part(at.minute()) << 5 | (part(at.second()) / 2);
    (date, time)
}
