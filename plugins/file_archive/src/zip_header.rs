//! The headers of a zip: local ones, data descriptors, the central directory, and zip64 where a
//! number needs it.

use std::mem::take;

use jiff::Timestamp;
use jiff::tz::Offset;
use sidecar_sdk::Entry;

/// The value of a 32-bit field whose number is in the zip64 field.
const ZIP64_NUMBER: u64 = 0xFFFF_FFFF;
/// The same for the number of entries.
const ZIP64_ENTRIES: u64 = 0xFFFF;

/// The length is not known before the content: a descriptor follows it.
const STREAMED: u16 = 1 << 3;
/// The name is UTF-8 beyond ASCII. Without it, readers take the bytes as they are.
const UTF_8: u16 = 1 << 11;

/// An entry, as its headers describe it.
pub(crate) struct ZipMember {
    pub(crate) name: Vec<u8>,
    /// Kind and permissions, as in Unix's `st_mode`.
    mode: u32,
    dos_time: u32,
    /// The time (UT, or NTFS's beyond 1970 to 2038) and the numeric owner (ux), as Info-ZIP reads them.
    extra: Vec<u8>,
}

/// The content of an entry.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct ZipContent {
    pub(crate) deflated: bool,
    pub(crate) crc32: u32,
    /// Bytes in the archive.
    pub(crate) compressed: u64,
    /// Bytes before compression.
    pub(crate) length: u64,
}

impl ZipMember {
    /// A directory's name ends with a slash.
    pub(crate) fn new(name: Vec<u8>, entry: &Entry) -> Self {
        let kind: u32 = match entry.kind.as_str() {
            "directory" => 0o040_000,
            "symlink" => 0o120_000,
            _ => 0o100_000,
        };
        Self {
            name,
            mode: kind | entry.mode,
            dos_time: dos_time(entry.mtime_seconds),
            extra: extra(entry),
        }
    }

    /// The local header before content whose length is known.
    pub(crate) fn local(&self, content: &ZipContent) -> Vec<u8> {
        self.header(content, 0, Vec::new())
    }

    /// The local header before content of about `length` bytes, whose length a descriptor follows.
    pub(crate) fn local_streamed(&self, deflated: bool, length: u64) -> Vec<u8> {
        let content = ZipContent {
            deflated,
            ..ZipContent::default()
        };
        if !is_large(length) {
            return self.header(&content, STREAMED, Vec::new());
        }
        // The presence of the field determines the size of the numbers in the descriptor.
        let unknown = ZipContent {
            compressed: ZIP64_NUMBER,
            length: ZIP64_NUMBER,
            ..content
        };
        self.header(&unknown, STREAMED, zip64(&[0, 0]))
    }

    fn header(&self, content: &ZipContent, streamed: u16, zip64: Vec<u8>) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.name.len() + self.extra.len());
        out.extend(b"PK\x03\x04");
        self.common(content, streamed, !zip64.is_empty(), &mut out);
        put16(&mut out, self.name.len() as u64);
        put16(&mut out, (zip64.len() + self.extra.len()) as u64);
        out.extend(&self.name);
        out.extend(zip64);
        out.extend(&self.extra);
        out
    }

    /// What local headers and the directory have in common.
    fn common(&self, content: &ZipContent, streamed: u16, zip64: bool, out: &mut Vec<u8>) {
        let needed = match (zip64, content.deflated) {
            (true, _) => 45,
            (false, true) => 20,
            (false, false) => 10,
        };
        let utf_8 = !self.name.is_ascii() && str::from_utf8(&self.name).is_ok();
        put16(out, needed);
        put16(out, (streamed | if utf_8 { UTF_8 } else { 0 }).into());
        put16(out, if content.deflated { 8 } else { 0 });
        put32(out, self.dos_time.into());
        put32(out, content.crc32.into());
        put32(out, content.compressed.min(ZIP64_NUMBER));
        put32(out, content.length.min(ZIP64_NUMBER));
    }
}

/// The descriptor after content that was streamed after [`ZipMember::local_streamed`] with `length`.
pub(crate) fn descriptor(content: &ZipContent, length: u64) -> Vec<u8> {
    let mut out = b"PK\x07\x08".to_vec();
    put32(&mut out, content.crc32.into());
    let put = if is_large(length) { put64 } else { put32 };
    put(&mut out, content.compressed);
    put(&mut out, content.length);
    out
}

/// Lower than 4 GiB: deflate makes incompressible content a little longer.
fn is_large(length: u64) -> bool {
    length >= 0xF000_0000
}

/// The central directory, as it grows.
#[derive(Default)]
pub(crate) struct CentralDirectory {
    bytes: Vec<u8>,
    entries: u64,
}

impl CentralDirectory {
    /// Adds the entry at `offset`.
    pub(crate) fn add(
        &mut self,
        member: &ZipMember,
        content: &ZipContent,
        streamed: bool,
        offset: u64,
    ) {
        let out = &mut self.bytes;
        let large: Vec<u64> = [content.length, content.compressed, offset]
            .into_iter()
            .filter(|number| *number >= ZIP64_NUMBER)
            .collect();
        let zip64 = if large.is_empty() {
            Vec::new()
        } else {
            zip64(&large)
        };
        out.extend(b"PK\x01\x02");
        // Made on Unix, by the format's version 4.5.
        put16(out, 3 << 8 | 45);
        let streamed = if streamed { STREAMED } else { 0 };
        member.common(content, streamed, !zip64.is_empty(), out);
        put16(out, member.name.len() as u64);
        put16(out, (zip64.len() + member.extra.len()) as u64);
        // No comment, the first disk, no internal attributes.
        out.extend([0; 6]);
        let dos_directory = u32::from(member.mode & 0o170_000 == 0o040_000) << 4;
        put32(out, (member.mode << 16 | dos_directory).into());
        put32(out, offset.min(ZIP64_NUMBER));
        out.extend(&member.name);
        out.extend(zip64);
        out.extend(&member.extra);
        self.entries += 1;
    }

    /// The directory, to be written at `offset`, and the end of the archive.
    pub(crate) fn finish(mut self, offset: u64) -> Vec<u8> {
        let mut out = take(&mut self.bytes);
        let size = out.len() as u64;
        if self.entries >= ZIP64_ENTRIES || size >= ZIP64_NUMBER || offset >= ZIP64_NUMBER {
            out.extend(b"PK\x06\x06");
            // Bytes that follow in this record; versions; the first disk.
            put64(&mut out, 44);
            put16(&mut out, 3 << 8 | 45);
            put16(&mut out, 45);
            out.extend([0; 8]);
            put64(&mut out, self.entries);
            put64(&mut out, self.entries);
            put64(&mut out, size);
            put64(&mut out, offset);
            out.extend(b"PK\x06\x07\0\0\0\0");
            put64(&mut out, offset + size);
            put32(&mut out, 1);
        }
        out.extend(b"PK\x05\x06\0\0\0\0");
        put16(&mut out, self.entries.min(ZIP64_ENTRIES));
        put16(&mut out, self.entries.min(ZIP64_ENTRIES));
        put32(&mut out, size.min(ZIP64_NUMBER));
        put32(&mut out, offset.min(ZIP64_NUMBER));
        put16(&mut out, 0);
        out
    }
}

fn extra(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(60);
    match i32::try_from(entry.mtime_seconds) {
        // Readers disagree whether this time has a sign.
        Ok(seconds @ 0..) => {
            out.extend(b"UT\x05\0\x01");
            out.extend(seconds.to_le_bytes());
        }
        _ => out.extend(ntfs_time(entry.mtime_seconds, entry.mtime_nanoseconds)),
    }
    out.extend(b"ux\x0b\0\x01\x04");
    out.extend(entry.uid.to_le_bytes());
    out.push(4);
    out.extend(entry.gid.to_le_bytes());
    out
}

/// Seconds from the first day that NTFS knows, in 1601, to that of Unix.
pub(crate) const NTFS_EPOCH: i64 = 11_644_473_600;
/// NTFS counts in 100 ns.
pub(crate) const NTFS_TICKS: u64 = 10_000_000;

/// Whether an entry can have this time.
pub(crate) fn holds_time(seconds: i64) -> bool {
    ntfs_ticks(seconds, 0).is_some()
}

fn ntfs_ticks(seconds: i64, nanoseconds: u32) -> Option<u64> {
    let seconds = u64::try_from(seconds.checked_add(NTFS_EPOCH)?).ok()?;
    seconds
        .checked_mul(NTFS_TICKS)?
        .checked_add(u64::from(nanoseconds / 100))
}

/// NTFS's field: of the three times, ours in all places. Nothing for a time before 1601.
fn ntfs_time(seconds: i64, nanoseconds: u32) -> Vec<u8> {
    let Some(ticks) = ntfs_ticks(seconds, nanoseconds) else {
        return Vec::new();
    };
    let mut out = b"\x0a\0\x20\0\0\0\0\0\x01\0\x18\0".to_vec();
    (0..3).for_each(|_| put64(&mut out, ticks));
    out
}

fn zip64(numbers: &[u64]) -> Vec<u8> {
    let mut out = vec![1, 0];
    put16(&mut out, 8 * numbers.len() as u64);
    numbers.iter().for_each(|number| put64(&mut out, *number));
    out
}

/// UTC, as zip has no time zones; 1980 for a time that it cannot represent.
fn dos_time(seconds: i64) -> u32 {
    let civil = Timestamp::from_second(seconds).map(|time| Offset::UTC.to_datetime(time));
    let Some(at) = civil.ok().filter(|at| (1980..2108).contains(&at.year())) else {
        return 1 << 21 | 1 << 16;
    };
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|part| part as u32);
    let date = (at.year() as u32 - 1980) << 9 | month << 5 | day;
    date << 16 | hour << 11 | minute << 5 | (second / 2)
}

fn put16(out: &mut Vec<u8>, number: u64) {
    out.extend((number as u16).to_le_bytes());
}

fn put32(out: &mut Vec<u8>, number: u64) {
    out.extend((number as u32).to_le_bytes());
}

fn put64(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}

#[cfg(test)]
mod tests;
