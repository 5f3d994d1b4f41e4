//! The headers as a foreign reader sees them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

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
struct SparseArchive {
    pieces: Vec<(u64, Vec<u8>)>,
    size: u64,
    position: u64,
}

impl SparseArchive {
    fn put(&mut self, bytes: Vec<u8>) {
        let size = self.size;
        self.size += bytes.len() as u64;
        self.pieces.push((size, bytes));
    }
}

impl Read for SparseArchive {
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

impl Seek for SparseArchive {
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
fn archive(entries: &[(u64, bool)]) -> zip::ZipArchive<SparseArchive> {
    let (mut out, mut directory) = (SparseArchive::default(), CentralDirectory::default());
    for (index, (length, streamed)) in entries.iter().enumerate() {
        let member = ZipMember::new(format!("entry {index}").into_bytes(), &entry(1));
        let content = ZipContent {
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
    let lengths = [10, ZIP64_NUMBER - 1, ZIP64_NUMBER, 5 << 30, 3];
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
fn only_utf_8_is_marked_as_utf_8() {
    for (name, flag) in [
        (&b"plain"[..], 0),
        ("gr\u{fc}n".as_bytes(), UTF_8),
        (b"caf\xe9", 0),
    ] {
        let header = ZipMember::new(name.to_owned(), &entry(1)).local(&ZipContent::default());
        assert_eq!(u16::from_le_bytes([header[6], header[7]]), flag);
    }
}
