//! What was fetched of a backup, as a strategy once wrote it: checked, decrypted, decompressed.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Bytes of a backup at their places in a file. Where nothing was fetched, the file is a hole.
#[derive(Debug, Clone)]
pub struct Fetched {
    file: Arc<File>,
    size: u64,
    /// Sorted, without gaps of nothing between two of them.
    ranges: Vec<Range<u64>>,
}

impl Fetched {
    /// All `size` bytes.
    pub fn whole(file: File, size: u64) -> Self {
        Self::ranges(file, size, std::iter::once(0..size).collect())
    }

    /// Only `ranges` of them.
    pub fn ranges(file: File, size: u64, mut ranges: Vec<Range<u64>>) -> Self {
        ranges.sort_by_key(|range| range.start);
        ranges.dedup_by(|next, last| {
            let touches = next.start <= last.end;
            if touches {
                last.end = last.end.max(next.end);
            }
            touches
        });
        Self {
            file: Arc::new(file),
            size,
            ranges,
        }
    }

    /// Bytes of the whole backup.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes from `offset`, at most `most`; none at the end.
    pub fn read(&self, offset: u64, most: usize) -> Result<Vec<u8>> {
        if offset >= self.size {
            return Ok(Vec::new());
        }
        let end = self.ranges.iter().find(|range| range.contains(&offset));
        let end = end.ok_or_else(|| not_planned(offset, most as u64))?.end;
        let mut bytes = vec![0; most.min(usize::try_from(end - offset).unwrap_or(most))];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map_err(|error| unreadable(&error))?;
        Ok(bytes)
    }

    /// A range of them, which has to be there entirely.
    pub fn range(&self, offset: u64, length: u64) -> Result<FetchedRange> {
        let end = offset.checked_add(length);
        let there = self
            .ranges
            .iter()
            .any(|range| range.start <= offset && end.is_some_and(|end| end <= range.end));
        if length > 0 && !there {
            return Err(not_planned(offset, length));
        }
        Ok(FetchedRange {
            file: Arc::clone(&self.file),
            offset,
            left: length,
        })
    }
}

/// A range that is there, to be read from its start to its end.
#[derive(Debug, Clone)]
pub struct FetchedRange {
    file: Arc<File>,
    offset: u64,
    left: u64,
}

impl FetchedRange {
    /// Bytes that have not been read yet.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl Read for FetchedRange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..most], self.offset)?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

fn not_planned(offset: u64, length: u64) -> Error {
    Error::run(
        "not-planned",
        format!("{length} bytes from {offset} of the backup were not fetched: the plan does not name their part"),
    )
    .hint("this is a mistake of the module: its plan-restore must name every part that restore reads")
}

fn unreadable(error: &io::Error) -> Error {
    Error::run(
        "io",
        format!("cannot read what was fetched of the backup: {error}"),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::Write;

    use super::*;

    fn fetched(ranges: &[Range<u64>]) -> Fetched {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        Fetched::ranges(file, 10, ranges.to_vec())
    }

    #[test]
    fn only_what_was_fetched_can_be_read() {
        let fetched = fetched(&[6..8, 2..4, 4..5]);
        assert_eq!(fetched.read(2, 100).unwrap(), b"234");
        assert_eq!(fetched.read(7, 1).unwrap(), b"7");
        assert_eq!(fetched.read(10, 1).unwrap(), b"");
        for (offset, length) in [(0, 1), (5, 1), (8, 2)] {
            let error = fetched.read(offset, length).unwrap_err();
            assert_eq!(error.code(), "not-planned");
        }
        let mut text = String::new();
        let mut range = fetched.range(3, 2).unwrap();
        range.read_to_string(&mut text).unwrap();
        assert_eq!(text, "34");
        for (offset, length) in [(4, 3), (1, 2), (u64::MAX, 2), (9, u64::MAX)] {
            let error = fetched.range(offset, length).unwrap_err();
            assert_eq!(error.code(), "not-planned");
        }
    }

    #[test]
    fn a_file_that_became_shorter_is_an_error() {
        let fetched = Fetched::whole(tempfile::tempfile().unwrap(), 3);
        assert_eq!(fetched.read(0, 3).unwrap_err().code(), "io");
        let mut range = fetched.range(0, 3).unwrap();
        assert!(range.read(&mut [0; 3]).is_err());
    }
}
