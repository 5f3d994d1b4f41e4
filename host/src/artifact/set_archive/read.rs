//! Reads a set that lies in one file: by the directory at its end, as every program does.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{LIST, MANIFEST};
use crate::artifact::manifest::Manifest;
use crate::artifact::set::SetContents;
use crate::artifact::zip_directory::{Why, at, end, extra_64, u16_at, u32_at, u64_at};
use crate::artifact::zip_fields::{CENTRAL, CENTRAL_SIZE, ELSEWHERE, LOCAL, LOCAL_SIZE};
use crate::error::{Error, Kind, Result};

/// Bytes of a directory at most: a set has few entries.
const LARGEST_DIRECTORY: u64 = 16 << 20;

/// A set in a file.
pub struct SetArchive {
    path: PathBuf,
    file: File,
    entries: Vec<ArchivedEntry>,
    /// What belongs together.
    pub contents: SetContents,
}

/// Where the bytes of an entry lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedEntry {
    name: String,
    /// Of its first byte.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

impl SetArchive {
    /// Reads the directory, and what belongs together. The bytes of the members are compared by who reads them.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let failed = |error| Error::io("read", path, error);
        let size = file.seek(SeekFrom::End(0)).map_err(failed)?;
        let entries = directory(&file, size).map_err(|why| damaged(path, &why))?;
        let mut archive = Self {
            path: path.to_owned(),
            file,
            entries,
            contents: SetContents {
                version: SetContents::VERSION,
                id: String::new(),
                quiesced_at: None,
                resumed_at: None,
                members: Vec::new(),
            },
        };
        archive.contents = SetContents::from_json(&archive.small(LIST)?)?;
        Ok(archive)
    }

    /// The manifest of a member, and where its artifact lies.
    pub fn member(&self, strategy: &str) -> Result<(Manifest, ArchivedEntry)> {
        let folder = format!("{strategy}/");
        // An artifact may be called like a manifest: the manifest is the one that has its artifact beside it.
        let described = |entry: &ArchivedEntry| {
            let artifact = entry.name.strip_suffix(MANIFEST)?;
            artifact.strip_prefix(&folder)?;
            self.entries.iter().find(|other| other.name == artifact)
        };
        let found = self
            .entries
            .iter()
            .find_map(|entry| Some((entry, described(entry)?)));
        let missing = || damaged(&self.path, &format!("it has no {folder} with a manifest"));
        let (entry, artifact) = found.ok_or_else(missing)?;
        let manifest = Manifest::from_json(&self.small(&entry.name)?)?;
        let artifact = artifact.clone();
        Ok((manifest, artifact))
    }

    /// When the application held still, else when the first member began.
    pub fn taken_at(&self) -> Result<Timestamp> {
        match (self.contents.quiesced_at, self.contents.members.first()) {
            (Some(quiesced), _) => Ok(quiesced),
            (None, Some(first)) => Ok(self.member(&first.strategy)?.0.started_at),
            (None, None) => Err(damaged(&self.path, "it names no members")),
        }
    }

    /// The file, to read entries from.
    pub fn file(&self) -> &File {
        &self.file
    }

    fn entry(&self, name: &str) -> Result<&ArchivedEntry> {
        let found = self.entries.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| damaged(&self.path, &format!("it has no {name}")))
    }

    /// An entry that is read whole.
    fn small(&self, name: &str) -> Result<Vec<u8>> {
        let entry = self.entry(name)?;
        if entry.size >= Manifest::LARGEST as u64 {
            return Err(damaged(&self.path, &format!("{name} is too large")));
        }
        let mut bytes = vec![0; entry.size as usize];
        let read = self.file.read_exact_at(&mut bytes, entry.offset);
        read.map_err(|error| Error::io("read", &self.path, error))?;
        Ok(bytes)
    }
}

/// Whether a file begins like a ZIP, whatever it is called.
pub fn is_zip(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && u32_at(&start, 0) == LOCAL
}

fn damaged(path: &Path, why: &str) -> Error {
    let message = format!("{} is not a whole set: {why}", path.display());
    Error::new(Kind::Verification, "damaged-set", message)
        .hint("a download that broke off has no end: fetch it again")
}

fn directory(mut file: &File, size: u64) -> Result<Vec<ArchivedEntry>, Why> {
    let (start, length, count) = end(&mut file, size)?;
    if length > LARGEST_DIRECTORY || start.checked_add(length).is_none_or(|end| end > size) {
        return Err("its directory does not lie in it".to_owned());
    }
    let bytes = at(&mut file, start, length as usize)?;
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..count {
        let (entry, next) = central(rest)?;
        rest = next;
        if !names.insert(entry.name.clone()) {
            return Err(format!("it has two entries {}", entry.name));
        }
        let head = at(&mut file, entry.offset, LOCAL_SIZE)?;
        if u32_at(&head, 0) != LOCAL {
            return Err(format!("{} does not begin where it should", entry.name));
        }
        let names = u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28));
        let offset = entry.offset.saturating_add(LOCAL_SIZE as u64 + names);
        if offset.checked_add(entry.size).is_none_or(|end| end > start) {
            return Err(format!("{} ends behind its end", entry.name));
        }
        entries.push(ArchivedEntry { offset, ..entry });
    }
    Ok(entries)
}

/// One header of the directory, with the offset of its local one, and what follows.
fn central(bytes: &[u8]) -> Result<(ArchivedEntry, &[u8]), Why> {
    if bytes.len() < CENTRAL_SIZE || u32_at(bytes, 0) != CENTRAL {
        return Err("its directory is damaged".to_owned());
    }
    let lengths = [28, 30, 32].map(|at| usize::from(u16_at(bytes, at)));
    let [name, extra, comment] = lengths;
    let rest = &bytes[CENTRAL_SIZE..];
    if rest.len() < name + extra + comment {
        return Err("its directory is damaged".to_owned());
    }
    let (name_bytes, rest) = rest.split_at(name);
    let (extra, rest) = rest.split_at(extra);
    let name = String::from_utf8_lossy(name_bytes).into_owned();
    if u16_at(bytes, 10) != 0 {
        return Err(format!("{name} is compressed: entries of a set are stored"));
    }
    let mut numbers = extra_64(extra)
        .chunks_exact(8)
        .map(|number| u64_at(number, 0));
    let mut long = |short: u32| match short {
        ELSEWHERE => numbers.next().ok_or("a number of 64 bits is missing"),
        short => Ok(short.into()),
    };
    let size = long(u32_at(bytes, 24))?;
    let stored = long(u32_at(bytes, 20))?;
    let offset = long(u32_at(bytes, 42))?;
    match size == stored {
        true => Ok((ArchivedEntry { name, offset, size }, &rest[comment..])),
        false => Err(format!("{name} has two sizes")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::ArchiveWriter;
    use super::*;

    /// A file with these entries.
    fn written(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ArchiveWriter::default();
        let mut bytes = Vec::new();
        for (name, content) in entries {
            bytes.extend(writer.begin(name, "2026-01-31T04:05:06Z".parse().unwrap()));
            writer.add(content);
            bytes.extend(*content);
            bytes.extend(writer.end());
        }
        bytes.extend(writer.finish());
        let (size, sha256) = writer.measured();
        assert_eq!(size, bytes.len() as u64);
        let digest = crate::digest::Digest::of_bytes(&bytes);
        assert_eq!(sha256.to_string(), digest.to_string());
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Why> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let entries = directory(file.as_file(), bytes.len() as u64)?;
        let content = |entry: &ArchivedEntry| {
            let range = entry.offset as usize..(entry.offset + entry.size) as usize;
            (entry.name.clone(), bytes[range].to_vec())
        };
        Ok(entries.iter().map(content).collect())
    }

    #[test]
    fn what_was_written_is_read() {
        let entries: [(&str, &[u8]); 3] =
            [("db/ñ.dump", b"PK\x07\x08"), ("a/b", b""), (LIST, b"{}")];
        let found = read(&written(&entries)).unwrap();
        let expected = entries.map(|(name, bytes)| (name.to_owned(), bytes.to_vec()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_that_was_cut_off_or_altered_is_no_set() {
        let bytes = written(&[("db/a", b"abc"), (LIST, b"{}")]);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        }
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0xff;
            // Whatever is found: nothing outside of the file is read.
            let _ = read(&altered);
        }
        assert_eq!(
            read(&written(&[("a", b""), ("a", b"")])).unwrap_err(),
            "it has two entries a"
        );
    }
}
