//! A file that keeps its holes: long runs of zeros are left out.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// A run of zeros that is worth a hole: shorter ones would only fragment the file.
const HOLE: u64 = 64 << 10;
/// What file systems allocate.
const BLOCK: usize = 4 << 10;
const ZEROS: [u8; BLOCK] = [0; BLOCK];

/// Writes a file from its start.
pub(super) struct SparseFile<'a> {
    file: &'a File,
    /// Bytes that were taken, in the file or waiting.
    position: u64,
    /// Zeros at the end that are not in the file yet.
    waiting: u64,
}

impl<'a> SparseFile<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        Self {
            file,
            position: 0,
            waiting: 0,
        }
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let zeros = self.blocks(rest, true);
            self.waiting += zeros as u64;
            self.position += zeros as u64;
            rest = &rest[zeros..];
            let data = self.blocks(rest, false);
            if data > 0 {
                self.skip()?;
                self.file.write_all(&rest[..data])?;
                self.position += data as u64;
                rest = &rest[data..];
            }
        }
        Ok(())
    }

    /// Gives the file its length.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let ends_in_hole = self.waiting >= HOLE;
        self.skip()?;
        match ends_in_hole {
            true => self.file.set_len(self.position),
            false => Ok(()),
        }
    }

    /// Leaves a hole where zeros waited, or writes them if they are few.
    fn skip(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        if let Ok(hole) = i64::try_from(waiting)
            && waiting >= HOLE
        {
            return self.file.seek(SeekFrom::Current(hole)).map(drop);
        }
        let mut left = waiting as usize;
        while left > 0 {
            let length = left.min(BLOCK);
            self.file.write_all(&ZEROS[..length])?;
            left -= length;
        }
        Ok(())
    }

    /// The bytes at the start of `bytes` that are whole blocks of the file, or the rest of one, of zeros
    /// only; or those that are not.
    fn blocks(&self, bytes: &[u8], zeros: bool) -> usize {
        let mut length = 0;
        while length < bytes.len() {
            let at = (self.position + length as u64) as usize % BLOCK;
            let block = &bytes[length..bytes.len().min(length + BLOCK - at)];
            if (*block == ZEROS[..block.len()]) != zeros {
                break;
            }
            length += block.len();
        }
        length
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn every_byte_is_where_it_was_however_it_arrives() {
        const MIB: usize = 1 << 20;
        let mut content = vec![0; 3 * MIB + 17];
        for at in [0, 4095, 4096, 70_000, 700_001, 2 * MIB, 3 * MIB + 16] {
            content[at] = 1;
        }
        let ends_in_zeros = [&content[..], &[0; MIB]].concat();
        for content in [&content[..], &ends_in_zeros, &[0; 5], &vec![0; MIB], &[]] {
            for piece in [1000, 4096, 65_537, 4 * MIB] {
                let mut file = tempfile::tempfile().unwrap();
                let mut sparse = SparseFile::new(&file);
                content
                    .chunks(piece)
                    .for_each(|bytes| sparse.write_all(bytes).unwrap());
                sparse.finish().unwrap();
                let mut found = Vec::new();
                file.rewind().unwrap();
                file.read_to_end(&mut found).unwrap();
                assert!(found == content, "{} bytes by {piece}", content.len());
                let taken = file.metadata().unwrap().blocks() * 512;
                assert!(
                    taken < 300_000,
                    "{taken} bytes of {} by {piece}",
                    content.len()
                );
            }
        }
    }
}
