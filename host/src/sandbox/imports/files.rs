//! Interface `files`: trees with what POSIX knows of them.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{FileType, OFlags, Stat};
use wasmtime::component::Resource;

use crate::error::{Error, Result};
use crate::paths::{failed, path_of};
use crate::sandbox::bindings::strategy::sidecar::strategy::files::{
    Entry, Host, HostDirectory, HostFile,
};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::call::too_many_handles;
use crate::sandbox::state::State;
use crate::sandbox::state::directory::{Directory, ListedEntry};
use crate::sandbox::state::open_file::OpenFile;

/// The most bytes of one `read`.
const LARGEST_READ: u32 = 1 << 20;

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
            .and_then(|folder| {
                let left_out = self.access.left_out();
                let most = self.memory.limit() / 4;
                let path = path_of(&path).to_owned();
                Directory::read(folder, path, left_out, &self.listed, most)
            });
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
            false => self.read_ahead.take(path),
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
        let Self {
            table, read_ahead, ..
        } = self;
        let directory = table.get_mut(&directory)?;
        let entries = directory.next(max);
        if let Ok(entries) = &entries {
            read_ahead.list(&directory.folder, &directory.path, entries);
        }
        let shown = |listed: ListedEntry| entry(listed.path, &listed.facts, listed.link);
        Ok(entries
            .map(|entries| entries.into_iter().map(shown).collect())
            .map_err(Failure::from))
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
        let shared = opened.and_then(|opened| {
            let pushed = self.table.push(opened);
            pushed.map_err(|_| Error::run("too-many-handles", too_many_handles(&self.module)))
        });
        Ok(shared.map_err(Failure::from))
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
