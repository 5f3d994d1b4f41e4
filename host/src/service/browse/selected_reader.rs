//! Reads what is selected of a backup: one part or file as it is, several as a ZIP.
//!
//! What is handed out is compared: a part with its digest, files by that of the whole backup, which is read to its end
//! for that. The last bytes come only when all is known to be right.

use std::io::{self, Read};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::hashed_bytes::HashedBytes;
use super::selected::{FileSelection, Selected, no_such_part};
use crate::artifact::archive::{self, ArchiveSource, EntryKind};
use crate::artifact::manifest::{self, Manifest};
use crate::artifact::set_archive::ArchiveWriter;
use crate::artifact::{Part, read_error};
use crate::error::{Error, Kind, Result};

/// Bytes that are read at once.
const CHUNK_SIZE: usize = 256 << 10;

/// What the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedHead {
    /// What a file of them is called.
    pub filename: String,
    /// How many they are, as far as that is known before.
    pub size: Option<u64>,
    /// The part that they are, alone.
    pub part: Option<Part>,
    /// Whether they are a ZIP of several parts or files.
    pub is_zip: bool,
}

/// Takes what is read.
pub(super) trait TakeSelected {
    /// Called once, before the first bytes, when it is certain that there are any.
    fn begin(&mut self, head: SelectedHead) -> Result<()>;
    /// Called with the bytes in their order.
    fn take(&mut self, bytes: Bytes) -> Result<()>;
}

/// Reads `selected` of the backup with this manifest, whose bytes are `source`.
pub(super) fn read(
    source: ArchiveSource,
    manifest: &Manifest,
    selected: &Selected,
    to: &mut dyn TakeSelected,
) -> Result<()> {
    match selected {
        Selected::Parts(parts) => read_parts(source, manifest, parts, to),
        Selected::Files(files) => read_files(source, manifest, files, to),
    }
}

fn read_parts(
    mut source: ArchiveSource,
    manifest: &Manifest,
    parts: &[Part],
    to: &mut dyn TakeSelected,
) -> Result<()> {
    let mut out = match parts {
        [part] => Output::of_part(to, part)?,
        _ => Output::zip(to, manifest)?,
    };
    let mut position = 0;
    for part in parts {
        let gap = part.offset.checked_sub(position);
        source.skip(gap.ok_or_else(overlapping)?).map_err(cut_off)?;
        position = part.offset.saturating_add(part.length);
        out.begin(&part.name)?;
        let mut hash = Sha256::new();
        let mut bytes = source.by_ref().take(part.length);
        let size = copy(&mut bytes, |bytes| {
            hash.update(&bytes);
            out.push(bytes)
        })?;
        if size != part.length {
            return Err(cut_off(io::ErrorKind::UnexpectedEof.into()));
        }
        let sha256 = Some(manifest::Sha256::of(hash));
        if part.sha256.is_some() && part.sha256 != sha256 {
            return Err(altered(&format!("the part {}", part.name)));
        }
        out.end()?;
    }
    out.finish()
}

fn read_files(
    source: ArchiveSource,
    manifest: &Manifest,
    files: &[FileSelection],
    to: &mut dyn TakeSelected,
) -> Result<()> {
    let whole = HashedBytes::new(source.into_read());
    let mut to = Some(to);
    let mut out: Option<Output<'_>> = None;
    let mut found = vec![false; files.len()];
    let is_tar = archive::contents(whole.source(), &mut |entry, bytes| {
        if entry.kind != EntryKind::File || out.as_ref().is_some_and(|out| out.zip.is_none()) {
            return Ok(());
        }
        let mut is_selected = false;
        // A folder and a file in it may both be selected.
        for (file, found) in files.iter().zip(&mut found) {
            if file.has(&entry.name) {
                (is_selected, *found) = (true, true);
            }
        }
        if !is_selected {
            return Ok(());
        }
        let mut add = || {
            if let Some(to) = to.take() {
                let is_alone = matches!(files, [file] if file.name() == entry.name);
                out = Some(match is_alone {
                    true => Output::of_file(to, &entry.name, entry.size)?,
                    false => Output::zip(to, manifest)?,
                });
            }
            let out = out.as_mut().ok_or_else(unwritten)?;
            out.begin(&entry.name)?;
            copy(bytes, |bytes| out.push(bytes))?;
            out.end()
        };
        add().map_err(io::Error::other)
    });
    if !is_tar.map_err(read_error)? {
        return Err(no_tar());
    }
    let missing = files.iter().zip(&found).find(|(_, found)| !**found);
    if let Some((file, _)) = missing {
        return Err(no_such_part(manifest, file.name()));
    }
    let artifact = &manifest.artifact;
    let measured = whole.measure()?;
    let expected = (artifact.raw_size, artifact.raw_sha256.clone());
    // Files in a repository were compared on their way, each by its own digests.
    if artifact.files().is_none() && measured != expected {
        return Err(altered("what the backup holds"));
    }
    out.ok_or_else(unwritten)?.finish()
}

/// The bytes on their way out, of which the last are held back.
struct Output<'t> {
    to: &'t mut dyn TakeSelected,
    held: Option<Bytes>,
    /// None: one part or file, as it is.
    zip: Option<ArchiveWriter>,
    at: Timestamp,
}

impl<'t> Output<'t> {
    fn of_part(to: &'t mut dyn TakeSelected, part: &Part) -> Result<Self> {
        let head = SelectedHead {
            filename: last_segment(&part.name),
            size: Some(part.length),
            part: Some(part.clone()),
            is_zip: false,
        };
        Self::start(to, head, None, Timestamp::UNIX_EPOCH)
    }

    fn of_file(to: &'t mut dyn TakeSelected, name: &str, size: u64) -> Result<Self> {
        let head = SelectedHead {
            filename: last_segment(name),
            size: Some(size),
            part: None,
            is_zip: false,
        };
        Self::start(to, head, None, Timestamp::UNIX_EPOCH)
    }

    fn zip(to: &'t mut dyn TakeSelected, manifest: &Manifest) -> Result<Self> {
        let filename = &manifest.artifact.filename;
        let stem = filename.split('.').find(|part| !part.is_empty());
        let head = SelectedHead {
            filename: format!("{}.zip", stem.unwrap_or("backup")),
            size: None,
            part: None,
            is_zip: true,
        };
        let zip = Some(ArchiveWriter::default());
        Self::start(to, head, zip, manifest.started_at)
    }

    fn start(
        to: &'t mut dyn TakeSelected,
        head: SelectedHead,
        zip: Option<ArchiveWriter>,
        at: Timestamp,
    ) -> Result<Self> {
        to.begin(head)?;
        Ok(Self {
            to,
            held: None,
            zip,
            at,
        })
    }

    fn begin(&mut self, name: &str) -> Result<()> {
        match &mut self.zip {
            Some(zip) => {
                let head = zip.begin(&within(name), self.at);
                self.send(head.into())
            }
            None => Ok(()),
        }
    }

    fn push(&mut self, bytes: Bytes) -> Result<()> {
        if let Some(zip) = &mut self.zip {
            zip.add(&bytes);
        }
        self.send(bytes)
    }

    fn end(&mut self) -> Result<()> {
        match self.zip.as_mut().map(ArchiveWriter::end) {
            Some(end) => self.send(end.into()),
            None => Ok(()),
        }
    }

    fn send(&mut self, bytes: Bytes) -> Result<()> {
        match self.held.replace(bytes) {
            Some(earlier) => self.to.take(earlier),
            None => Ok(()),
        }
    }

    /// All of it is right.
    fn finish(mut self) -> Result<()> {
        if let Some(end) = self.zip.as_mut().map(ArchiveWriter::finish) {
            self.send(end.into())?;
        }
        self.held.take().map_or(Ok(()), |last| self.to.take(last))
    }
}

/// Hands on all that `from` has. Returns the number of bytes.
fn copy(from: &mut dyn Read, mut take: impl FnMut(Bytes) -> Result<()>) -> Result<u64> {
    let mut size = 0;
    loop {
        let mut piece = Vec::with_capacity(CHUNK_SIZE);
        let read = (&mut *from).take(CHUNK_SIZE as u64).read_to_end(&mut piece);
        match read.map_err(read_error)? {
            0 => return Ok(size),
            read => size += read as u64,
        }
        take(piece.into())?;
    }
}

/// The name of an entry, with which no program leaves the folder that it unpacks into.
fn within(name: &str) -> String {
    let segments = name.split(['/', '\\']);
    let harmless = segments.map(|segment| match segment {
        "" | "." | ".." => "_",
        segment => segment,
    });
    harmless.collect::<Vec<_>>().join("/")
}

fn last_segment(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn cut_off(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::new(
            Kind::Verification,
            "altered",
            "the backup ends before its part does",
        ),
        _ => read_error(error),
    }
}

fn altered(what: &str) -> Error {
    Error::new(
        Kind::Verification,
        "altered",
        format!("{what} is not what was written"),
    )
    .hint("take another backup (`sidecar list`), and find out what altered this one")
}

fn overlapping() -> Error {
    altered("the list of parts, of which two overlap,")
}

fn no_tar() -> Error {
    Error::new(
        Kind::NotFound,
        "no-such-part",
        "the backup has no parts and is no tar: nothing of it can be read alone",
    )
    .hint("download all of it, or restore files of it (--only) into another directory")
}

fn unwritten() -> Error {
    Error::run("internal", "nothing was read of what was found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entry_leads_out_of_the_folder_that_it_is_unpacked_into() {
        assert_eq!(within("docs/a.txt"), "docs/a.txt");
        assert_eq!(within("/etc/../passwd"), "_/etc/_/passwd");
        assert_eq!(within(r"..\x"), "_/x");
    }
}
