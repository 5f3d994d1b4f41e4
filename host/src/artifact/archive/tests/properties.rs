//! Whatever bytes an archive has, its reader ends, and names no more entries than have room in it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::artifact::damaged::damaged;
use crate::artifact::set_archive::ArchiveWriter;

/// Bytes of the smallest entry: a central header of a ZIP.
const SMALLEST_ENTRY: usize = 46;

type NamedFile = (String, Vec<u8>);

fn files() -> impl Strategy<Value = Vec<NamedFile>> {
    let name = "[a-z]{1,20}(/[a-z]{1,20}){0,3}";
    vec((name, vec(any::<u8>(), 0..1500)), 1..6)
}

fn tar(files: &[NamedFile]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let mut header = [0; HEAD];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[136..147].copy_from_slice(b"14531230000");
        header[148..156].fill(b' ');
        header[156] = b'0';
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        bytes.extend(header);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(HEAD), 0);
    }
    bytes.resize(bytes.len() + 2 * HEAD, 0);
    bytes
}

fn zip(files: &[NamedFile]) -> Vec<u8> {
    let (mut zip, mut bytes) = (ArchiveWriter::default(), Vec::new());
    for (name, content) in files {
        bytes.extend(zip.begin(name, "2026-01-31T04:05:06Z".parse().unwrap()));
        zip.add(content);
        bytes.extend(content);
        bytes.extend(zip.end());
    }
    bytes.extend(zip.finish());
    bytes
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

fn listed(source: ArchiveSource) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    entries(source, &mut |entry| {
        found.push((entry.name, entry.size));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn random(bytes: Vec<u8>) -> ArchiveSource {
    ArchiveSource::Random(Box::new(Cursor::new(bytes)))
}

fn stream(bytes: Vec<u8>) -> ArchiveSource {
    ArchiveSource::stream(Box::new(Cursor::new(bytes)))
}

fn compressed(files: &[NamedFile]) -> Vec<u8> {
    gz(&tar(files))
}

/// Makes an archive of files.
type Archiver = fn(&[NamedFile]) -> Vec<u8>;

const KINDS: [Archiver; 3] = [tar, zip, compressed];

/// An archive of one of the kinds, changed.
fn damaged_archives() -> impl Strategy<Value = Vec<u8>> {
    let make = prop::sample::select(KINDS.to_vec());
    (files(), make).prop_flat_map(|(files, make)| damaged(make(&files)))
}

proptest! {
    #[test]
    fn what_was_written_is_listed(files in files()) {
        let expected: Vec<_> = files
            .iter()
            .map(|(name, content)| (name.clone(), content.len() as u64))
            .collect();
        prop_assert_eq!(listed(random(tar(&files))).unwrap(), expected.clone());
        prop_assert_eq!(listed(stream(tar(&files))).unwrap(), expected.clone());
        prop_assert_eq!(listed(stream(gz(&tar(&files)))).unwrap(), expected.clone());
        prop_assert_eq!(listed(random(zip(&files))).unwrap(), expected);
    }

    #[test]
    fn a_damaged_one_is_read_to_its_end(bytes in damaged_archives()) {
        let size = bytes.len();
        // What was compressed may be longer than it looks.
        let most = 100 + size / SMALLEST_ENTRY;
        for source in [random(bytes.clone()), stream(bytes)] {
            let found = listed(source).unwrap_or_default();
            prop_assert!(found.len() <= most, "{} entries in {size} bytes", found.len());
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end(bytes in vec(any::<u8>(), 0..3000)) {
        prop_assert!(listed(random(bytes.clone())).unwrap_or_default().len() <= bytes.len());
        prop_assert!(listed(stream(bytes.clone())).unwrap_or_default().len() <= bytes.len());
    }
}

/// A size that no number of blocks can hold was found to overflow.
#[test]
fn a_size_beyond_all_numbers_is_damage() {
    let mut bytes = tar(&[("a".to_owned(), Vec::new())]);
    bytes[124] = 0x80;
    bytes[125..128].fill(0);
    bytes[128..136].fill(0xff);
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..HEAD].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    for source in [random(bytes.clone()), stream(bytes)] {
        assert!(listed(source).is_err());
    }
}
