//! tar: headers from here, content from the file to the artifact inside the host.

use sidecar_sdk::{Artifact, Entry, Result, log};
use tar::EntryType;

use crate::format::{Format, open, shown};
use crate::header::{BLOCK, Headers, Member, pad};
use crate::links::Links;

/// A tar that is being written.
pub(crate) struct Tar<'a> {
    artifact: &'a mut Artifact,
    headers: Headers,
    links: Links,
    /// Reused for what is written at once.
    scratch: Vec<u8>,
}

impl<'a> Tar<'a> {
    pub(crate) fn new(artifact: &'a mut Artifact) -> Self {
        Self {
            artifact,
            headers: Headers::default(),
            links: Links::default(),
            scratch: Vec::new(),
        }
    }

    fn headers(&mut self, member: &Member<'_>) -> Result<bool> {
        self.scratch.clear();
        self.headers.write(member, &mut self.scratch);
        self.artifact.append(&self.scratch)?;
        Ok(true)
    }

    fn file(&mut self, name: &[u8], found: &Entry, follow: bool) -> Result<bool> {
        if let Some(first) = self.links.first(found, name) {
            let mut member = member(name, found, EntryType::Link);
            member.link = &first;
            return self.headers(&member);
        }
        let Some(file) = open(found, follow)? else {
            self.links.forget(found);
            return Ok(false);
        };
        let entry = file.inspect();
        if (entry.device, entry.inode) != (found.device, found.inode) {
            self.links.forget(found);
        }
        let mut member = member(name, &entry, EntryType::Regular);
        member.size = entry.size;
        self.headers(&member)?;
        if entry.size > 0 {
            self.artifact.append_file(&file, entry.size)?;
            self.scratch.clear();
            pad(entry.size, &mut self.scratch);
            self.artifact.append(&self.scratch)?;
        }
        Ok(true)
    }
}

impl Format for Tar<'_> {
    fn add(&mut self, name: &[u8], entry: &Entry, follow: bool) -> Result<bool> {
        match entry.kind.as_str() {
            "file" => self.file(name, entry, follow),
            "directory" => {
                self.headers(&member(&[name, b"/"].concat(), entry, EntryType::Directory))
            }
            "fifo" => self.headers(&member(name, entry, EntryType::Fifo)),
            "symlink" => {
                let mut member = member(name, entry, EntryType::Symlink);
                member.link = entry.link_target.as_deref().unwrap_or_default();
                self.headers(&member)
            }
            kind => {
                log::warn(&format!("{} is a {kind}: left out", shown(&entry.path)));
                Ok(false)
            }
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.artifact.append(&[0; 2 * BLOCK])
    }
}

fn member<'a>(name: &'a [u8], entry: &Entry, kind: EntryType) -> Member<'a> {
    Member {
        name,
        kind,
        link: b"",
        size: 0,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        mtime: (entry.mtime_seconds, entry.mtime_nanoseconds),
    }
}
