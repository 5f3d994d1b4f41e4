//! tar: headers are written here, content goes from the file to the artifact inside the host.

use sidecar_sdk::attributes::Attribute;
use sidecar_sdk::{Artifact, Entry, Result};
use tar::EntryType;

use crate::archive_writer::ArchiveWriter;
use crate::gap::GapReason;
use crate::gaps::Gaps;
use crate::hard_links::HardLinks;
use crate::resolved_entry::{attributes, attributes_of_file, open};
use crate::tar_header::{BLOCK, Headers, TarMember, pad};

/// A tar that is being written.
pub(crate) struct TarWriter<'a> {
    artifact: &'a mut Artifact,
    headers: Headers,
    links: HardLinks,
    /// Reused for headers and padding.
    buffer: Vec<u8>,
}

impl<'a> TarWriter<'a> {
    pub(crate) fn new(artifact: &'a mut Artifact) -> Self {
        Self {
            artifact,
            headers: Headers::default(),
            links: HardLinks::default(),
            buffer: Vec::new(),
        }
    }

    fn headers(&mut self, member: &TarMember<'_>) -> Result<bool> {
        self.buffer.clear();
        self.headers.write(member, &mut self.buffer);
        self.artifact.append(&self.buffer)?;
        Ok(true)
    }

    fn file(
        &mut self,
        name: &[u8],
        listed: &Entry,
        follow: bool,
        gaps: &mut Gaps<'_>,
    ) -> Result<bool> {
        if let Some(first) = self.links.first_name(listed, name) {
            let mut member = member(name, listed, EntryType::Link, &[]);
            member.link = &first;
            return self.headers(&member);
        }
        if !follow && self.unchanged(name, listed)? {
            return Ok(true);
        }
        let Some(file) = open(listed, follow, gaps)? else {
            self.links.forget(listed);
            return Ok(false);
        };
        let entry = file.inspect();
        if (entry.device, entry.inode) != (listed.device, listed.inode) {
            self.links.forget(listed);
        }
        let attributes = attributes_of_file(&file, &entry, gaps)?;
        let mut member = member(name, &entry, EntryType::Regular, &attributes);
        member.size = entry.size;
        self.headers(&member)?;
        if entry.size > 0 {
            let whole = self.artifact.append_file(&file, entry.size)?;
            gaps.note_change(&entry.path, &file, !whole);
            self.pad(entry.size)?;
        }
        Ok(true)
    }

    /// Adds a small file as it was listed. False if it has to be opened.
    fn unchanged(&mut self, name: &[u8], listed: &Entry) -> Result<bool> {
        let mut member = member(name, listed, EntryType::Regular, &[]);
        member.size = listed.size;
        self.buffer.clear();
        self.headers.write(&member, &mut self.buffer);
        let appended = self.artifact.append_unchanged(&listed.path, &self.buffer)?;
        if appended {
            self.pad(listed.size)?;
        }
        Ok(appended)
    }

    fn pad(&mut self, size: u64) -> Result<()> {
        self.buffer.clear();
        pad(size, &mut self.buffer);
        self.artifact.append(&self.buffer)
    }
}

impl ArchiveWriter for TarWriter<'_> {
    fn add(
        &mut self,
        name: &[u8],
        entry: &Entry,
        follow: bool,
        gaps: &mut Gaps<'_>,
    ) -> Result<bool> {
        let kind = match entry.kind.as_str() {
            "file" => return self.file(name, entry, follow, gaps),
            "directory" => EntryType::Directory,
            "fifo" => EntryType::Fifo,
            "symlink" => EntryType::Symlink,
            kind => {
                gaps.add(&entry.path, GapReason::Special(kind.to_owned()));
                return Ok(false);
            }
        };
        let name = match kind {
            EntryType::Directory => &[name, b"/"].concat(),
            _ => name,
        };
        let attributes = attributes(entry, follow, gaps)?;
        let mut member = member(name, entry, kind, &attributes);
        member.link = entry.link_target.as_deref().unwrap_or_default();
        self.headers(&member)
    }

    fn finish(self: Box<Self>, _gaps: &mut Gaps<'_>) -> Result<()> {
        self.artifact.append(&[0; 2 * BLOCK])
    }
}

fn member<'a>(
    name: &'a [u8],
    entry: &Entry,
    kind: EntryType,
    attributes: &'a [Attribute],
) -> TarMember<'a> {
    TarMember {
        name,
        kind,
        link: b"",
        size: 0,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        mtime: (entry.mtime_seconds, entry.mtime_nanoseconds),
        attributes,
    }
}
