//! zip: headers are written here, content is deflated inside the host on all cores.

use std::collections::VecDeque;

use sidecar_sdk::deflate::{self, Deflated, Facts};
use sidecar_sdk::files::File;
use sidecar_sdk::{Artifact, Entry, Result};

use crate::archive_writer::ArchiveWriter;
use crate::gap::GapReason;
use crate::gaps::Gaps;
use crate::resolved_entry::{attributes, attributes_of_file, open};
use crate::zip_header::{CentralDirectory, ZipContent, ZipMember, descriptor};
use crate::zip_limits::ZipLimits;

/// The compression level without `level`.
const DEFAULT_LEVEL: u32 = 6;
/// Entries that may be queued behind a file that is being deflated.
const MAX_QUEUED: usize = 128;

/// A zip that is being written.
pub(crate) struct ZipWriter<'a> {
    artifact: &'a mut Artifact,
    level: u32,
    /// In the order of the archive; the host deflates the files in it meanwhile.
    queue: VecDeque<(ZipMember, QueuedContent)>,
    directory: CentralDirectory,
    limits: ZipLimits,
    /// Bytes written so far.
    written: u64,
}

/// ZipContent in the queue.
enum QueuedContent {
    /// Of a directory or a link.
    Bytes(Vec<u8>),
    /// With its path and the open file.
    File(Vec<u8>, File, Deflated),
}

impl<'a> ZipWriter<'a> {
    pub(crate) fn new(artifact: &'a mut Artifact, deflate: bool, level: Option<u32>) -> Self {
        Self {
            artifact,
            level: if deflate {
                level.unwrap_or(DEFAULT_LEVEL)
            } else {
                0
            },
            queue: VecDeque::new(),
            directory: CentralDirectory::default(),
            limits: ZipLimits::default(),
            written: 0,
        }
    }

    fn file(
        &mut self,
        name: &[u8],
        listed: &Entry,
        follow: bool,
        gaps: &mut Gaps<'_>,
    ) -> Result<bool> {
        let Some(file) = open(listed, follow, gaps)? else {
            return Ok(false);
        };
        let entry = file.inspect();
        let attributes = attributes_of_file(&file, &entry, gaps)?;
        self.limits.note(&entry, &attributes);
        let member = ZipMember::new(name.to_owned(), &entry);
        loop {
            if let Some(deflated) = deflate::prepare(&file, entry.size, self.level)? {
                let content = QueuedContent::File(entry.path, file, deflated);
                self.push(member, content, gaps)?;
                return Ok(true);
            }
            if !self.write_oldest(gaps)? {
                let short = self.stream(&member, &file, entry.size)?;
                gaps.note_change(&entry.path, &file, short);
                return Ok(true);
            }
        }
    }

    fn push(
        &mut self,
        member: ZipMember,
        content: QueuedContent,
        gaps: &mut Gaps<'_>,
    ) -> Result<()> {
        self.queue.push_back((member, content));
        if self.queue.len() > MAX_QUEUED {
            self.write_oldest(gaps)?;
        }
        Ok(())
    }

    /// Writes the first entry of the queue. Returns false if the queue is empty.
    fn write_oldest(&mut self, gaps: &mut Gaps<'_>) -> Result<bool> {
        let Some((member, queued)) = self.queue.pop_front() else {
            return Ok(false);
        };
        let content = match &queued {
            QueuedContent::Bytes(bytes) => ZipContent {
                deflated: false,
                crc32: crc32fast::hash(bytes),
                compressed: bytes.len() as u64,
                length: bytes.len() as u64,
            },
            QueuedContent::File(path, file, deflated) => {
                let facts = deflated.facts()?;
                gaps.note_change(path, file, facts.short);
                facts.into()
            }
        };
        let offset = self.written;
        self.append(&member.local(&content))?;
        match queued {
            QueuedContent::Bytes(bytes) => self.append(&bytes)?,
            QueuedContent::File(_, _, deflated) => {
                self.artifact.append_deflated(deflated)?;
                self.written += content.compressed;
            }
        }
        self.directory.add(&member, &content, false, offset);
        Ok(true)
    }

    /// Writes a file that is too large for the queue. Returns whether it became shorter meanwhile.
    fn stream(&mut self, member: &ZipMember, file: &File, length: u64) -> Result<bool> {
        let offset = self.written;
        self.append(&member.local_streamed(self.level > 0, length))?;
        let facts = self
            .artifact
            .append_file_deflated(file, length, self.level)?;
        let short = facts.short;
        let content = ZipContent::from(facts);
        self.written += content.compressed;
        self.append(&descriptor(&content, length))?;
        self.directory.add(member, &content, true, offset);
        Ok(short)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.artifact.append(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

impl ArchiveWriter for ZipWriter<'_> {
    fn add(
        &mut self,
        name: &[u8],
        entry: &Entry,
        follow: bool,
        gaps: &mut Gaps<'_>,
    ) -> Result<bool> {
        let (name, content) = match entry.kind.as_str() {
            "file" => return self.file(name, entry, follow, gaps),
            "directory" if name == b"." => return Ok(true),
            "directory" => ([name, b"/"].concat(), Vec::new()),
            "symlink" => (
                name.to_owned(),
                entry.link_target.clone().unwrap_or_default(),
            ),
            kind => {
                gaps.add(&entry.path, GapReason::Special(kind.to_owned()));
                return Ok(false);
            }
        };
        let attributes = attributes(entry, follow, gaps)?;
        self.limits.note(entry, &attributes);
        let member = ZipMember::new(name, entry);
        self.push(member, QueuedContent::Bytes(content), gaps)?;
        Ok(true)
    }

    fn finish(mut self: Box<Self>, gaps: &mut Gaps<'_>) -> Result<()> {
        while self.write_oldest(gaps)? {}
        self.limits.report();
        let end = self.directory.finish(self.written);
        self.artifact.append(&end)
    }
}

impl From<Facts> for ZipContent {
    fn from(facts: Facts) -> Self {
        Self {
            deflated: facts.method == "deflated",
            crc32: facts.crc32,
            compressed: facts.compressed_length,
            length: facts.length,
        }
    }
}
