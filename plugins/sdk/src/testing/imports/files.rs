//! The files that the test has registered.

use std::cell::Cell;

use crate::testing::mock_host::with;
use crate::types::{Entry, Failure, Result};

/// An open regular file.
#[derive(Debug)]
pub struct File {
    entry: Entry,
    pub(super) content: Vec<u8>,
}

impl File {
    /// What the file was when it was opened.
    pub fn inspect(&self) -> Entry {
        self.entry.clone()
    }

    /// Bytes from `offset`: at most `length`; none at the end.
    pub fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>> {
        let rest = self.content.get(offset as usize..).unwrap_or_default();
        Ok(rest[..rest.len().min(length as usize)].to_vec())
    }
}

pub(crate) struct Directory {
    entries: Cell<Vec<Entry>>,
}

impl Directory {
    pub(crate) fn next(&self, max: u32) -> Result<Vec<Entry>> {
        let mut batch = self.entries.take();
        self.entries
            .set(batch.split_off(batch.len().min(max as usize)));
        Ok(batch)
    }
}

pub(crate) fn inspect(path: &[u8], _follow: bool) -> Result<Entry> {
    with(|host| host.entry(path))
}

pub(crate) fn open_file(path: &[u8], _follow: bool) -> Result<File> {
    with(|host| {
        let entry = host.entry(path)?;
        let content = host.files.get(path).cloned();
        let content = content.ok_or_else(|| wrong_kind(path, "not-a-file", "a file"))?;
        Ok(File { entry, content })
    })
}

pub(crate) fn open_directory(path: &[u8], _follow: bool) -> Result<Directory> {
    with(|host| match host.entry(path)?.kind.as_str() {
        "directory" => Ok(Directory {
            entries: Cell::new(host.list(path)?),
        }),
        _ => Err(wrong_kind(path, "not-a-directory", "a directory")),
    })
}

fn wrong_kind(path: &[u8], code: &str, what: &str) -> Failure {
    Failure::new(
        code,
        format!("{} is not {what}", String::from_utf8_lossy(path)),
    )
}
