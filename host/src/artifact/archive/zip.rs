//! The entries of a ZIP, from the directory at its end.

use std::io::{self, Read as _, SeekFrom};

use super::source::ArchiveSource;
use super::{ArchiveEntry, EntryKind, Visit};
use crate::artifact::zip_directory::{end, extra_64, u16_at, u32_at, u64_at};
use crate::artifact::zip_fields::{CENTRAL, CENTRAL_SIZE, ELSEWHERE, LOCAL};

pub(super) fn is_zip(head: &[u8]) -> bool {
    head.len() >= 4 && u32_at(head, 0) == LOCAL
}

/// A ZIP whose end cannot be read before its start is none.
pub(super) fn entries(source: ArchiveSource, visit: Visit<'_>) -> io::Result<bool> {
    let ArchiveSource::Random(mut file) = source else {
        return Ok(false);
    };
    let size = file.seek(SeekFrom::End(0))?;
    let (start, length, count) = end(&mut file, size).map_err(damaged)?;
    if start.checked_add(length).is_none_or(|end| end > size) {
        return Err(damaged("its directory does not lie in it"));
    }
    file.seek(SeekFrom::Start(start))?;
    let mut directory = io::BufReader::new(file.take(length));
    for _ in 0..count {
        let mut header = [0; CENTRAL_SIZE];
        directory.read_exact(&mut header)?;
        if u32_at(&header, 0) != CENTRAL {
            return Err(damaged("its directory is damaged"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(&header, at)));
        let mut rest = vec![0; name + extra + comment];
        directory.read_exact(&mut rest)?;
        let (name, rest) = rest.split_at(name);
        if visit(entry(&header, name, &rest[..extra])).is_break() {
            break;
        }
    }
    Ok(true)
}

fn entry(header: &[u8], name: &[u8], extra: &[u8]) -> ArchiveEntry {
    let name = String::from_utf8_lossy(name).into_owned();
    let size = match u32_at(header, 24) {
        ELSEWHERE => extra_64(extra).get(..8).map_or(0, |size| u64_at(size, 0)),
        size => size.into(),
    };
    // Of files that UNIX made, the upper half of the attributes is their mode.
    let format = u32_at(header, 38) >> 28;
    let kind = match format {
        0xa => EntryKind::Link,
        _ if name.ends_with('/') => EntryKind::Directory,
        _ => EntryKind::File,
    };
    ArchiveEntry {
        name: name.trim_end_matches('/').to_owned(),
        kind,
        size: if kind == EntryKind::File { size } else { 0 },
        modified: None,
    }
}

fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}
