//! Bytes that are read from their start on, and skipped where that is possible without reading them.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// Reads and seeks.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// The bytes of an archive.
pub enum ArchiveSource {
    /// Any place of them can be read.
    Random(Box<dyn ReadSeek + Send>),
    /// They come one after the other.
    Stream(Box<dyn Read + Send>),
}

impl ArchiveSource {
    /// What can only be read from its start on.
    pub fn stream(read: Box<dyn Read + Send>) -> Self {
        Self::Stream(read)
    }

    /// The first bytes, which are read once more after that.
    pub(super) fn head(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        match self {
            Self::Random(all) => {
                all.by_ref().take(most as u64).read_to_end(&mut head)?;
                all.seek(SeekFrom::Start(0))?;
            }
            Self::Stream(all) => {
                all.by_ref().take(most as u64).read_to_end(&mut head)?;
                let rest = std::mem::replace(all, Box::new(io::empty()));
                *all = Box::new(Cursor::new(head.clone()).chain(rest));
            }
        }
        Ok(head)
    }

    /// The bytes in their order.
    pub fn into_read(self) -> Box<dyn Read + Send> {
        match self {
            Self::Random(all) => Box::new(all),
            Self::Stream(all) => all,
        }
    }

    /// Goes on behind the next `bytes`.
    pub fn skip(&mut self, bytes: u64) -> io::Result<()> {
        match self {
            Self::Random(all) => {
                let step = i64::try_from(bytes).map_err(io::Error::other)?;
                all.seek(SeekFrom::Current(step)).map(drop)
            }
            Self::Stream(all) => {
                let skipped = io::copy(&mut all.by_ref().take(bytes), &mut io::sink())?;
                match skipped == bytes {
                    true => Ok(()),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }
    }
}

impl Read for ArchiveSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Random(all) => all.read(buffer),
            Self::Stream(all) => all.read(buffer),
        }
    }
}
