//! A directory that a module lists.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{Dir, FileType, Stat};
use rustix::io::Errno;

use super::listed_names::{ListedNames, NamesHeld};
use crate::error::Result;
use crate::paths::{LeftOut, failed, inspect_entry, path_of};

/// A directory whose names are known and whose entries are looked at when they are asked for.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Directory {
    pub(in crate::sandbox) folder: Arc<OwnedFd>,
    pub(in crate::sandbox) path: PathBuf,
    /// Last one first.
    names: Vec<CString>,
    left_out: Arc<LeftOut>,
    _held: NamesHeld,
}

/// What stands at a path of a directory.
pub(in crate::sandbox) struct ListedEntry {
    /// The directory's path and the entry's name.
    pub(in crate::sandbox) path: Vec<u8>,
    pub(in crate::sandbox) facts: Stat,
    /// Where it points if it is a link.
    pub(in crate::sandbox) link: Option<CString>,
}

impl ListedEntry {
    /// Its name, and whether it is a regular file.
    pub(super) fn name(&self) -> (&[u8], bool) {
        let name = self.path.rsplit(|byte| *byte == b'/').next();
        let is_file = FileType::from_raw_mode(self.facts.st_mode) == FileType::RegularFile;
        (name.unwrap_or_default(), is_file)
    }
}

impl Directory {
    /// Reads its names, if those of all that are open make no more than `most` bytes.
    pub(in crate::sandbox) fn read(
        folder: OwnedFd,
        path: PathBuf,
        left_out: Arc<LeftOut>,
        listed: &ListedNames,
        most: u64,
    ) -> Result<Self> {
        let wrong = |error| failed("read", &path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&folder).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name().to_owned();
            if !matches!(name.as_bytes(), b"." | b"..") {
                names.push(name);
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        let lengths = names.iter().map(CString::as_bytes).map(<[u8]>::len);
        Ok(Self {
            folder: Arc::new(folder),
            path,
            _held: listed.add(lengths, most)?,
            names,
            left_out,
        })
    }

    /// The next entries, at most `max`; without those that have gone meanwhile, and
    /// without folders of backups.
    pub(in crate::sandbox) fn next(&mut self, max: u32) -> Result<Vec<ListedEntry>> {
        let mut entries = Vec::with_capacity(self.names.len().min(max as usize));
        while entries.len() < max as usize
            && let Some(name) = self.names.pop()
        {
            let mut path = self.path.as_os_str().as_bytes().to_vec();
            if path.last() != Some(&b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            match inspect_entry(&self.folder, name.as_c_str()) {
                Ok((facts, _)) if self.left_out.is(&facts) => {}
                Ok((facts, link)) => entries.push(ListedEntry { path, facts, link }),
                Err(Errno::NOENT) => {}
                // Those before it first: the next call meets it again.
                Err(_) if !entries.is_empty() => {
                    self.names.push(name);
                    break;
                }
                Err(error) => return Err(failed("inspect", path_of(&path), error)),
            }
        }
        Ok(entries)
    }
}
