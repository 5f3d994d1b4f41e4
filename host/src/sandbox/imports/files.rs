//! Interface `files`: trees with what POSIX knows of them.

mod ahead;

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use ahead::Ahead;
use rustix::fs::{Dir, FileType, OFlags, Stat, fstat};
use rustix::io::Errno;
use wasmtime::component::Resource;

use super::access::{failed, look, path_of};
use crate::error::{Error, Result};
use crate::sandbox::bindings::sidecar::strategy::files::{Entry, Host, HostDirectory, HostFile};
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::run::State;

/// The most bytes of one `read`.
const LARGEST_READ: u32 = 1 << 20;

/// A directory whose names are known and whose entries are looked at when they are asked for.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Directory {
    folder: Arc<OwnedFd>,
    path: PathBuf,
    /// Last one first.
    names: Vec<CString>,
}

/// A regular file.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenFile {
    pub(super) file: Arc<OwnedFd>,
    pub(super) path: PathBuf,
    /// Whether its own position is no longer its start.
    pub(super) moved: bool,
    /// When it was opened.
    facts: Stat,
    /// Its first bytes, if they were read already.
    pub(super) content: Vec<u8>,
}

impl OpenFile {
    /// What was opened at `path`, unless it is something else.
    fn new(file: OwnedFd, path: PathBuf) -> Result<Self> {
        let facts = fstat(&file).map_err(|error| failed("inspect", &path, error))?;
        match FileType::from_raw_mode(facts.st_mode) {
            FileType::RegularFile => Ok(Self {
                file: Arc::new(file),
                path,
                moved: false,
                facts,
                content: Vec::new(),
            }),
            _ => Err(Error::run(
                "not-a-file",
                format!("{} is not a regular file", path.display()),
            )),
        }
    }

    /// Bytes, when it was opened.
    #[allow(
        clippy::unnecessary_cast,
        reason = "the widths of stat's fields differ between machines"
    )]
    fn size(&self) -> u64 {
        self.facts.st_size as u64
    }
}

impl Directory {
    fn read(folder: OwnedFd, path: PathBuf) -> Result<Self> {
        let wrong = |error| failed("read", &path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&folder).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name().to_owned();
            if !matches!(name.as_bytes(), b"." | b"..") {
                names.push(name);
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Self {
            folder: Arc::new(folder),
            path,
            names,
        })
    }

    fn next(&mut self, max: u32) -> Result<Vec<Entry>> {
        let mut entries = Vec::with_capacity(self.names.len().min(max as usize));
        while entries.len() < max as usize
            && let Some(name) = self.names.pop()
        {
            let mut path = self.path.as_os_str().as_bytes().to_vec();
            if path.last() != Some(&b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            match look(&self.folder, name.as_c_str()) {
                Ok((facts, link)) => entries.push(entry(path, &facts, link)),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed("inspect", path_of(&path), error)),
            }
        }
        Ok(entries)
    }
}

impl Host for State {
    fn inspect(&mut self, path: Vec<u8>, follow: bool) -> wasmtime::Result<Result<Entry, Failure>> {
        Ok(self
            .access
            .inspect(path_of(&path), follow)
            .map_err(Failure::from)
            .map(|(facts, link)| entry(path, &facts, link)))
    }

    fn open_directory(
        &mut self,
        path: Vec<u8>,
        follow: bool,
    ) -> wasmtime::Result<Result<Resource<Directory>, Failure>> {
        let opened = self
            .access
            .open(path_of(&path), follow, OFlags::DIRECTORY)
            .and_then(|folder| Directory::read(folder, path_of(&path).to_owned()));
        self.share(opened)
    }

    fn open_file(
        &mut self,
        path: Vec<u8>,
        follow: bool,
    ) -> wasmtime::Result<Result<Resource<OpenFile>, Failure>> {
        let path = path_of(&path);
        let known = match follow {
            true => None,
            false => self.ahead.take(path),
        };
        let opened = match known {
            Some(file) => Ok(file),
            None => self
                .access
                .open(path, follow, OFlags::empty())
                .and_then(|file| OpenFile::new(file, path.to_owned())),
        };
        self.share(opened)
    }
}

impl HostDirectory for State {
    fn next(
        &mut self,
        directory: Resource<Directory>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<Entry>, Failure>> {
        let Self { table, ahead, .. } = self;
        let directory = table.get_mut(&directory)?;
        let entries = directory.next(max);
        if let Ok(entries) = &entries {
            ahead.list(&directory.folder, &directory.path, entries);
        }
        Ok(entries.map_err(Failure::from))
    }

    fn drop(&mut self, directory: Resource<Directory>) -> wasmtime::Result<()> {
        self.table.delete(directory)?;
        Ok(())
    }
}

impl HostFile for State {
    fn inspect(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<Entry> {
        let file = self.table.get(&file)?;
        let path = file.path.as_os_str().as_bytes().to_vec();
        Ok(entry(path, &file.facts, None))
    }

    fn read(
        &mut self,
        file: Resource<OpenFile>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let file = self.table.get(&file)?;
        let mut bytes = vec![0; length.min(LARGEST_READ) as usize];
        Ok(
            rustix::io::retry_on_intr(|| rustix::io::pread(&file.file, &mut bytes[..], offset))
                .map_err(|error| Failure::from(failed("read", &file.path, error)))
                .map(|read| {
                    bytes.truncate(read);
                    bytes
                }),
        )
    }

    fn drop(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<()> {
        self.table.delete(file)?;
        Ok(())
    }
}

impl State {
    /// Puts something into the table that the module's handles point into.
    fn share<T: Send + 'static>(
        &mut self,
        opened: Result<T>,
    ) -> wasmtime::Result<Result<Resource<T>, Failure>> {
        match opened {
            Ok(opened) => Ok(Ok(self.table.push(opened)?)),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

#[allow(
    clippy::unnecessary_cast,
    reason = "the widths of stat's fields differ between machines"
)]
fn entry(path: Vec<u8>, facts: &Stat, link_target: Option<CString>) -> Entry {
    let kind = FileType::from_raw_mode(facts.st_mode);
    Entry {
        path,
        kind: word(kind).to_owned(),
        mode: facts.st_mode & 0o7777,
        uid: facts.st_uid,
        gid: facts.st_gid,
        mtime_seconds: facts.st_mtime as i64,
        mtime_nanoseconds: facts.st_mtime_nsec as u32,
        size: if kind == FileType::RegularFile {
            facts.st_size as u64
        } else {
            0
        },
        link_target: link_target.map(CString::into_bytes),
        device: facts.st_dev as u64,
        inode: facts.st_ino as u64,
        links: facts.st_nlink as u64,
    }
}

fn word(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "file",
        FileType::Directory => "directory",
        FileType::Symlink => "symlink",
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        FileType::CharacterDevice => "character-device",
        FileType::BlockDevice => "block-device",
        FileType::Unknown => "unknown",
    }
}
