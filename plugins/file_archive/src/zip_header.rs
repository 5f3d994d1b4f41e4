//! The headers of a zip: local ones, data descriptors, the central directory, and zip64 where a
//! number needs it.

use std::mem::take;

use jiff::Timestamp;
use jiff::tz::Offset;
use sidecar_sdk::Entry;

/// From here on a 32-bit field says that the number stands in the zip64 field.
const FULL: u64 = 0xFFFF_FFFF;
/// The same for the number of entries.
const MANY: u64 = 0xFFFF;

/// The length is not known before the content: a descriptor follows it.
const STREAMED: u16 = 1 << 3;
/// The name is UTF-8 beyond ASCII. Without it, readers take the bytes as they are.
const UTF_8: u16 = 1 << 11;

/// What stands before and after an entry's content.
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    /// Kind and permissions, as in Unix's `st_mode`.
    mode: u32,
    dos_time: u32,
    /// Extended timestamp (UT) and numeric owner (ux), as Info-ZIP writes them.
    extra: Vec<u8>,
}

/// What an entry's content is.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Content {
    pub(crate) deflated: bool,
    pub(crate) crc32: u32,
    /// Bytes in the archive.
    pub(crate) compressed: u64,
    /// Bytes before compression.
    pub(crate) length: u64,
}

impl Member {
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

    /// Before content that is known.
    pub(crate) fn local(&self, content: &Content) -> Vec<u8> {
        self.header(content, 0, Vec::new())
    }

    /// Before content of about `length` bytes that is known when it was written.
    pub(crate) fn local_streamed(&self, deflated: bool, length: u64) -> Vec<u8> {
        let content = Content {
            deflated,
            ..Content::default()
        };
        if !is_large(length) {
            return self.header(&content, STREAMED, Vec::new());
        }
        // That the field is there says how long the numbers in the descriptor are.
        let unknown = Content {
            compressed: FULL,
            length: FULL,
            ..content
        };
        self.header(&unknown, STREAMED, zip64(&[0, 0]))
    }

    fn header(&self, content: &Content, streamed: u16, zip64: Vec<u8>) -> Vec<u8> {
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
    fn common(&self, content: &Content, streamed: u16, zip64: bool, out: &mut Vec<u8>) {
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
        put32(out, content.compressed.min(FULL));
        put32(out, content.length.min(FULL));
    }
}

/// What follows content that was streamed after [`Member::local_streamed`] with `length`.
pub(crate) fn descriptor(content: &Content, length: u64) -> Vec<u8> {
    let mut out = b"PK\x07\x08".to_vec();
    put32(&mut out, content.crc32.into());
    let put = if is_large(length) { put64 } else { put32 };
    put(&mut out, content.compressed);
    put(&mut out, content.length);
    out
}

/// Deflate may make a little more of what it cannot make less.
fn is_large(length: u64) -> bool {
    length >= 0xF000_0000
}

/// The directory at the end, as it grows.
#[derive(Default)]
pub(crate) struct Directory {
    bytes: Vec<u8>,
    entries: u64,
}

impl Directory {
    /// Adds what stands at `offset`.
    pub(crate) fn add(&mut self, member: &Member, content: &Content, streamed: bool, offset: u64) {
        let out = &mut self.bytes;
        let large: Vec<u64> = [content.length, content.compressed, offset]
            .into_iter()
            .filter(|number| *number >= FULL)
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
        put32(out, offset.min(FULL));
        out.extend(&member.name);
        out.extend(zip64);
        out.extend(&member.extra);
        self.entries += 1;
    }

    /// The directory, for writing at `offset`, and the end.
    pub(crate) fn finish(mut self, offset: u64) -> Vec<u8> {
        let mut out = take(&mut self.bytes);
        let size = out.len() as u64;
        if self.entries >= MANY || size >= FULL || offset >= FULL {
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
        put16(&mut out, self.entries.min(MANY));
        put16(&mut out, self.entries.min(MANY));
        put32(&mut out, size.min(FULL));
        put32(&mut out, offset.min(FULL));
        put16(&mut out, 0);
        out
    }
}

fn extra(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    // Readers disagree whether the time has a sign.
    if let Ok(seconds @ 0..) = i32::try_from(entry.mtime_seconds) {
        out.extend(b"UT\x05\0\x01");
        out.extend(seconds.to_le_bytes());
    }
    out.extend(b"ux\x0b\0\x01\x04");
    out.extend(entry.uid.to_le_bytes());
    out.push(4);
    out.extend(entry.gid.to_le_bytes());
    out
}

fn zip64(numbers: &[u64]) -> Vec<u8> {
    let mut out = vec![1, 0];
    put16(&mut out, 8 * numbers.len() as u64);
    numbers.iter().for_each(|number| put64(&mut out, *number));
    out
}

/// UTC, as zip knows no time zones; 1980 for what it cannot hold.
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
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Result, Seek, SeekFrom};

    use super::*;

    fn entry(mtime_seconds: i64) -> Entry {
        Entry {
            path: Vec::new(),
            kind: "file".to_owned(),
            mode: 0o4750,
            uid: 7,
            gid: 3_000_000_000,
            mtime_seconds,
            mtime_nanoseconds: 0,
            size: 0,
            link_target: None,
            device: 0,
            inode: 0,
            links: 1,
        }
    }

    /// An archive of any size: headers where they belong, zeros between them.
    #[derive(Default)]
    struct Sparse {
        pieces: Vec<(u64, Vec<u8>)>,
        size: u64,
        position: u64,
    }

    impl Sparse {
        fn put(&mut self, bytes: Vec<u8>) {
            let size = self.size;
            self.size += bytes.len() as u64;
            self.pieces.push((size, bytes));
        }
    }

    impl Read for Sparse {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let left = self.size.saturating_sub(self.position);
            let length = (buffer.len() as u64).min(left) as usize;
            buffer[..length].fill(0);
            for (index, byte) in buffer[..length].iter_mut().enumerate() {
                let at = self.position + index as u64;
                let before = self.pieces.partition_point(|(start, _)| *start <= at);
                if let Some((start, bytes)) = before.checked_sub(1).map(|last| &self.pieces[last]) {
                    *byte = bytes.get((at - start) as usize).copied().unwrap_or(0);
                }
            }
            self.position += length as u64;
            Ok(length)
        }
    }

    impl Seek for Sparse {
        fn seek(&mut self, to: SeekFrom) -> Result<u64> {
            self.position = match to {
                SeekFrom::Start(position) => position,
                SeekFrom::End(back) => self.size.saturating_add_signed(back),
                SeekFrom::Current(on) => self.position.saturating_add_signed(on),
            };
            Ok(self.position)
        }
    }

    /// An archive of entries with these lengths, stored; whether each is streamed.
    fn archive(entries: &[(u64, bool)]) -> zip::ZipArchive<Sparse> {
        let (mut out, mut directory) = (Sparse::default(), Directory::default());
        for (index, (length, streamed)) in entries.iter().enumerate() {
            let member = Member::new(format!("entry {index}").into_bytes(), &entry(1));
            let content = Content {
                deflated: false,
                crc32: index as u32,
                compressed: *length,
                length: *length,
            };
            let offset = out.size;
            out.put(match streamed {
                true => member.local_streamed(false, *length),
                false => member.local(&content),
            });
            out.size += length;
            if *streamed {
                out.put(descriptor(&content, *length));
            }
            directory.add(&member, &content, *streamed, offset);
        }
        let end = directory.finish(out.size);
        out.put(end);
        zip::ZipArchive::new(out).unwrap()
    }

    #[test]
    fn sizes_and_offsets_beyond_32_bits_survive() {
        let lengths = [10, FULL - 1, FULL, 5 << 30, 3];
        let entries: Vec<_> = lengths
            .into_iter()
            .map(|length| (length, length > 10))
            .collect();
        let mut archive = archive(&entries);
        assert_eq!(archive.len(), lengths.len());
        for (index, length) in lengths.into_iter().enumerate() {
            let entry = archive.by_index_raw(index).unwrap();
            assert_eq!((entry.size(), entry.compressed_size()), (length, length));
            assert_eq!(entry.crc32(), index as u32);
            assert_eq!(entry.name_raw(), format!("entry {index}").as_bytes());
        }
    }

    #[test]
    fn more_entries_than_16_bits_survive() {
        for count in [0, 65_534, 65_535] {
            assert_eq!(archive(&vec![(0, false); count]).len(), count);
        }
    }

    #[test]
    fn modes_and_times_survive() {
        let mut archive = archive(&[(0, false)]);
        let entry = archive.by_index_raw(0).unwrap();
        assert_eq!(entry.external_attributes() >> 16, 0o104_750);
        for (seconds, expected) in [
            (1_700_000_001, (2023, 11, 14, 22, 13, 20)),
            (-5, (1980, 1, 1, 0, 0, 0)),
            (6_000_000_000, (1980, 1, 1, 0, 0, 0)),
            (4_000_000_000, (2096, 10, 2, 7, 6, 40)),
        ] {
            let dos = dos_time(seconds);
            let (date, time) = (dos >> 16, dos & 0xFFFF);
            let found = (
                1980 + (date >> 9),
                date >> 5 & 15,
                date & 31,
                time >> 11,
                time >> 5 & 63,
                time % 32 * 2,
            );
            assert_eq!(found, expected, "{seconds}");
        }
    }

    #[test]
    fn only_text_is_called_utf_8() {
        for (name, flag) in [
            (&b"plain"[..], 0),
            ("gr\u{fc}n".as_bytes(), UTF_8),
            (b"caf\xe9", 0),
        ] {
            let header = Member::new(name.to_owned(), &entry(1)).local(&Content::default());
            assert_eq!(u16::from_le_bytes([header[6], header[7]]), flag);
        }
    }
}
