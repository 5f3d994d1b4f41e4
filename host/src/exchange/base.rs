//! What both trees had when the new one was complete: by it is known later what the application has
//! changed since in which of them. A line of JSON for each directory, those inside of others first.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Lines, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::fstat;
use rustix::io::{Errno, Result};
use serde::{Deserialize, Serialize};

use super::directory_facts::DirectoryFacts;
use super::raw_path::RawPath;
use super::sighting::{EntryId, Sighting, Time};

#[derive(Serialize, Deserialize)]
pub(super) enum BaseLine {
    /// A directory that is exchanged as a whole: the lines up to the next one of these are in it, and the last
    /// of them is itself.
    Exchanged(BaseRoot),
    Directory(BaseDirectory),
}

#[derive(Serialize, Deserialize)]
pub(super) struct BaseRoot {
    pub(super) area: usize,
    /// Below the target.
    pub(super) name: RawPath,
}

/// A directory that both trees have.
#[derive(Serialize, Deserialize)]
pub(super) struct BaseDirectory {
    /// Below the target.
    pub(super) name: RawPath,
    /// In the tree that is replaced, and in the new one.
    pub(super) ids: [EntryId; 2],
    /// What it is, if the archive does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) facts: Option<DirectoryFacts>,
    /// Sorted by name.
    pub(super) entries: Vec<BaseEntry>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BaseEntry {
    pub(super) name: RawPath,
    /// In the tree that is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) old: Option<EntryId>,
    pub(super) new: EntryId,
    /// When the new one's content was written last.
    pub(super) written: Time,
    /// Whether the archive does not have the name: the new tree has what the old one has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) carried: bool,
}

impl BaseEntry {
    pub(super) fn carried(name: &Path, old: EntryId, new: &Sighting) -> Self {
        Self {
            carried: true,
            ..Self::archived(name, Some(old), new)
        }
    }

    pub(super) fn archived(name: &Path, old: Option<EntryId>, new: &Sighting) -> Self {
        Self {
            name: name.into(),
            old,
            new: new.id,
            written: new.written,
            carried: false,
        }
    }
}

/// Where it lies, beside the journal of the restore.
pub(super) fn file(journals: &Path, id: &str) -> PathBuf {
    journals.join(id).with_extension("base")
}

pub(super) struct BaseWriter {
    file: BufWriter<File>,
    path: PathBuf,
}

impl BaseWriter {
    /// Begins it anew.
    pub(super) fn create(path: PathBuf) -> Result<Self> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        Ok(Self {
            file: BufWriter::new(options.open(&path).map_err(|error| errno(&error))?),
            path,
        })
    }

    pub(super) fn write(&mut self, line: &BaseLine) -> Result<()> {
        let written = serde_json::to_writer(&mut self.file, line).map_err(std::io::Error::from);
        written
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|error| errno(&error))
    }

    /// How much there is now.
    pub(super) fn position(&mut self) -> Result<u64> {
        self.file.stream_position().map_err(|error| errno(&error))
    }

    /// What was written since, which is taken out of it.
    pub(super) fn take_since(&mut self, position: u64) -> Result<Vec<BaseLine>> {
        self.file.flush().map_err(|error| errno(&error))?;
        let mut reader = BaseReader::open(&self.path)?.ok_or(Errno::NOENT)?;
        reader.seek(position)?;
        let lines = reader.collect::<Result<_>>()?;
        let cut = self.file.get_ref().set_len(position);
        cut.and_then(|()| self.file.seek(SeekFrom::Start(position)))
            .map_err(|error| errno(&error))?;
        Ok(lines)
    }

    /// Waits for the disk.
    pub(super) fn finish(mut self) -> Result<()> {
        let synced = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all());
        synced.map_err(|error| errno(&error))
    }
}

/// Its lines, in their order.
pub(super) struct BaseReader {
    lines: Lines<BufReader<File>>,
    /// When it was finished: just before the exchange.
    pub(super) finished: Time,
    path: PathBuf,
}

impl BaseReader {
    /// None if there is none: earlier versions wrote none.
    #[allow(
        clippy::unnecessary_cast,
        reason = "the widths of stat's fields differ between machines"
    )]
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| errno(&error))?,
        };
        let facts = fstat(&file)?;
        Ok(Some(Self {
            lines: BufReader::new(file).lines(),
            finished: (facts.st_mtime as i64, facts.st_mtime_nsec as u32),
            path: path.to_owned(),
        }))
    }

    fn seek(&mut self, position: u64) -> Result<()> {
        let mut file = File::open(&self.path).map_err(|error| errno(&error))?;
        file.seek(SeekFrom::Start(position))
            .map_err(|error| errno(&error))?;
        self.lines = BufReader::new(file).lines();
        Ok(())
    }
}

impl Iterator for BaseReader {
    type Item = Result<BaseLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        let parsed = line.map_err(|error| errno(&error));
        Some(parsed.and_then(|line| serde_json::from_str(&line).map_err(|_| Errno::BADMSG)))
    }
}

/// It has no use any more.
pub(super) fn remove(journals: &Path, id: &str) {
    let path = file(journals, id);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "cannot remove what a restore has noted");
        }
        _ => {}
    }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
