//! zip: headers from here, content deflated inside the host on all cores.

use std::collections::VecDeque;

use sidecar_sdk::deflate::{self, Deflated, Facts};
use sidecar_sdk::files::File;
use sidecar_sdk::{Artifact, Entry, Result, log};

use crate::format::{Format, open, shown};
use crate::zip_header::{Content, Directory, Member, descriptor};

/// The level of those who name none.
const LEVEL: u32 = 6;
/// Entries that may wait behind a file that is being deflated.
const AHEAD: usize = 128;

/// A zip that is being written.
pub(crate) struct Zip<'a> {
    artifact: &'a mut Artifact,
    level: u32,
    /// In the order of the archive; the host deflates the files among them meanwhile.
    waiting: VecDeque<(Member, Waiting)>,
    directory: Directory,
    /// Bytes written so far.
    written: u64,
}

/// Content that waits for its turn.
enum Waiting {
    /// A directory's, or a link's.
    Here(Vec<u8>),
    File(Deflated),
}

impl<'a> Zip<'a> {
    pub(crate) fn new(artifact: &'a mut Artifact, deflate: bool, level: Option<u32>) -> Self {
        Self {
            artifact,
            level: if deflate { level.unwrap_or(LEVEL) } else { 0 },
            waiting: VecDeque::new(),
            directory: Directory::default(),
            written: 0,
        }
    }

    fn file(&mut self, name: &[u8], found: &Entry, follow: bool) -> Result<bool> {
        let Some(file) = open(found, follow)? else {
            return Ok(false);
        };
        let entry = file.inspect();
        let member = Member::new(name.to_owned(), &entry);
        loop {
            if let Some(deflated) = deflate::prepare(&file, entry.size, self.level)? {
                self.push(member, Waiting::File(deflated))?;
                return Ok(true);
            }
            if !self.write_oldest()? {
                self.stream(&member, &file, entry.size)?;
                return Ok(true);
            }
        }
    }

    fn push(&mut self, member: Member, waiting: Waiting) -> Result<()> {
        self.waiting.push_back((member, waiting));
        if self.waiting.len() > AHEAD {
            self.write_oldest()?;
        }
        Ok(())
    }

    /// Whether there was one.
    fn write_oldest(&mut self) -> Result<bool> {
        let Some((member, waiting)) = self.waiting.pop_front() else {
            return Ok(false);
        };
        let content = match &waiting {
            Waiting::Here(bytes) => Content {
                deflated: false,
                crc32: crc32fast::hash(bytes),
                compressed: bytes.len() as u64,
                length: bytes.len() as u64,
            },
            Waiting::File(deflated) => deflated.facts()?.into(),
        };
        let offset = self.written;
        self.append(&member.local(&content))?;
        match waiting {
            Waiting::Here(bytes) => self.append(&bytes)?,
            Waiting::File(deflated) => {
                self.artifact.append_deflated(deflated)?;
                self.written += content.compressed;
            }
        }
        self.directory.add(&member, &content, false, offset);
        Ok(true)
    }

    /// Content too large to be deflated ahead.
    fn stream(&mut self, member: &Member, file: &File, length: u64) -> Result<()> {
        let offset = self.written;
        self.append(&member.local_streamed(self.level > 0, length))?;
        let facts = self
            .artifact
            .append_file_deflated(file, length, self.level)?;
        let content = Content::from(facts);
        self.written += content.compressed;
        self.append(&descriptor(&content, length))?;
        self.directory.add(member, &content, true, offset);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.artifact.append(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

impl Format for Zip<'_> {
    fn add(&mut self, name: &[u8], entry: &Entry, follow: bool) -> Result<bool> {
        let (name, content) = match entry.kind.as_str() {
            "file" => return self.file(name, entry, follow),
            "directory" if name == b"." => return Ok(true),
            "directory" => ([name, b"/"].concat(), Vec::new()),
            "symlink" => (
                name.to_owned(),
                entry.link_target.clone().unwrap_or_default(),
            ),
            kind => {
                log::warn(&format!(
                    "{} is a {kind}, which zip cannot hold: left out",
                    shown(&entry.path)
                ));
                return Ok(false);
            }
        };
        self.push(Member::new(name, entry), Waiting::Here(content))?;
        Ok(true)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        while self.write_oldest()? {}
        let end = self.directory.finish(self.written);
        self.artifact.append(&end)
    }
}

impl From<Facts> for Content {
    fn from(facts: Facts) -> Self {
        Self {
            deflated: facts.method == "deflated",
            crc32: facts.crc32,
            compressed: facts.compressed_length,
            length: facts.length,
        }
    }
}
