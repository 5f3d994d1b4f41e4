//! The entries of a tar: ustar, with the long names and sizes of pax and of GNU.

use std::io::{self, Read};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::source::ArchiveSource;
use super::{ArchiveEntry, EntryKind};

/// Bytes of a block: a header is one, and content fills whole ones.
const BLOCK: usize = 512;
/// Bytes of an extended header or a long name: more than any of ours.
const LARGEST_EXTENSION: u64 = 1 << 20;

/// What an extended header says of the next entry.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

/// What is called for each entry with the bytes of its content, until it has enough.
type VisitTarEntry<'v> =
    &'v mut dyn FnMut(ArchiveEntry, &mut dyn Read) -> io::Result<ControlFlow<()>>;

/// Calls `visit` for each entry, until it has enough.
pub(super) fn entries(source: &mut ArchiveSource, visit: VisitTarEntry<'_>) -> io::Result<bool> {
    let mut extension = Extension::default();
    let mut is_first = true;
    loop {
        let mut header = [0; BLOCK];
        match source.read_exact(&mut header) {
            Err(error) if is_first && error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(false);
            }
            read => read?,
        }
        if !is_tar(&header) {
            // Blocks of zeros end it.
            return Ok(!is_first && header.iter().all(|byte| *byte == 0));
        }
        is_first = false;
        let stored = number(&header[124..136]).ok_or_else(damaged)?;
        match header[156] {
            b'x' | b'g' | b'L' | b'K' => {
                if stored > LARGEST_EXTENSION {
                    return Err(damaged());
                }
                let mut content = vec![0; stored as usize];
                source.read_exact(&mut content)?;
                source.skip(padding(stored))?;
                match header[156] {
                    b'x' => extension.pax(&content),
                    b'L' => extension.name = Some(text(&content)),
                    _ => {}
                }
            }
            kind => {
                let next = std::mem::take(&mut extension);
                let size = next.size.unwrap_or(stored);
                let entry = entry(&header, kind, next);
                // A link has no content, whatever size it names.
                let content = if entry.kind == EntryKind::Link {
                    0
                } else {
                    size
                };
                let mut bytes = source.by_ref().take(content);
                if visit(entry, &mut bytes)?.is_break() {
                    return Ok(true);
                }
                let unread = bytes.limit();
                source.skip(unread.checked_add(padding(content)).ok_or_else(damaged)?)?;
            }
        }
    }
}

fn entry(header: &[u8; BLOCK], kind: u8, extension: Extension) -> ArchiveEntry {
    let name = extension.name.unwrap_or_else(|| {
        let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
        match prefix.is_empty() {
            true => name,
            false => format!("{prefix}/{name}"),
        }
    });
    let kind = match kind {
        b'0' | 0 | b'7' | b'S' => EntryKind::File,
        b'1' | b'2' => EntryKind::Link,
        b'5' => EntryKind::Directory,
        _ => EntryKind::Other,
    };
    let size = extension.size.or_else(|| number(&header[124..136]));
    let modified = number(&header[136..148]).and_then(|at| i64::try_from(at).ok());
    ArchiveEntry {
        name: name.trim_end_matches('/').to_owned(),
        size: size.filter(|_| kind == EntryKind::File).unwrap_or(0),
        modified: extension
            .modified
            .or_else(|| Timestamp::from_second(modified?).ok()),
        kind,
    }
}

impl Extension {
    /// Takes records like `27 path=some/long/name\n`.
    fn pax(&mut self, mut records: &[u8]) {
        while let Some((record, rest)) = record(records) {
            records = rest;
            let Some((key, value)) = record.split_once('=') else {
                continue;
            };
            match key {
                "path" | "GNU.sparse.name" => self.name = Some(value.to_owned()),
                "size" => self.size = value.parse().ok(),
                "mtime" => self.modified = seconds(value),
                _ => {}
            }
        }
    }
}

fn record(records: &[u8]) -> Option<(String, &[u8])> {
    let space = records.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let record = records.get(space + 1..length)?;
    let record = String::from_utf8_lossy(record.strip_suffix(b"\n")?).into_owned();
    Some((record, &records[length..]))
}

/// Seconds since 1970 with a fraction, which has the sign of all of it: "-1.5".
fn seconds(value: &str) -> Option<Timestamp> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let nanoseconds: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let sign = if value.starts_with('-') { -1 } else { 1 };
    Timestamp::new(whole.parse().ok()?, sign * nanoseconds).ok()
}

fn is_tar(header: &[u8; BLOCK]) -> bool {
    let sum = |header: &[u8; BLOCK]| -> u64 {
        let bytes = header.iter().enumerate();
        let counted = bytes.map(|(at, byte)| {
            if (148..156).contains(&at) {
                b' '
            } else {
                *byte
            }
        });
        counted.map(u64::from).sum()
    };
    header[0] != 0 && number(&header[148..156]) == Some(sum(header))
}

/// Octal digits, or the number itself behind a first byte of 128.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] == 0x80 {
        let (high, low) = field.split_at(field.len() - 8);
        let is_small = high.iter().skip(1).all(|byte| *byte == 0);
        return is_small.then(|| low.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let digits = text(field);
    u64::from_str_radix(digits.trim(), 8).ok()
}

/// Up to the first zero.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&field[..end.unwrap_or(field.len())]).into_owned()
}

fn padding(size: u64) -> u64 {
    // A block is a power of two.
    size.wrapping_neg() % BLOCK as u64
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a header of the archive is damaged",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::process::Command;

    use super::*;

    /// What GNU tar makes of a folder, in this format.
    fn tar(format: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("{}/{}", "d".repeat(90), "n".repeat(120));
        for (name, content) in [("a.txt", "abc".to_owned()), (&long, "x".repeat(5000))] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        std::os::unix::fs::symlink("a.txt", folder.path().join("link")).unwrap();
        let mut command = Command::new("tar");
        command.args(["--format", format, "--sort=name", "-cf", "-", "-C"]);
        let made = command
            .arg(folder.path())
            .args(["a.txt", "link", &"d".repeat(90)])
            .output();
        made.unwrap().stdout
    }

    fn listed(bytes: Vec<u8>, as_stream: bool) -> Vec<(String, EntryKind, u64)> {
        let cursor = io::Cursor::new(bytes);
        let mut source = match as_stream {
            true => ArchiveSource::stream(Box::new(cursor)),
            false => ArchiveSource::Random(Box::new(cursor)),
        };
        let mut found = Vec::new();
        let is_archive = entries(&mut source, &mut |entry, _| {
            found.push((entry.name, entry.kind, entry.size));
            Ok(ControlFlow::Continue(()))
        });
        assert!(is_archive.unwrap());
        found
    }

    #[test]
    fn entries_are_those_that_tar_wrote() {
        let folder = "d".repeat(90);
        let expected = [
            ("a.txt".to_owned(), EntryKind::File, 3),
            ("link".to_owned(), EntryKind::Link, 0),
            (folder.clone(), EntryKind::Directory, 0),
            (
                format!("{folder}/{}", "n".repeat(120)),
                EntryKind::File,
                5000,
            ),
        ];
        for format in ["gnu", "pax"] {
            let bytes = tar(format);
            assert_eq!(listed(bytes.clone(), true), expected, "{format}");
            assert_eq!(listed(bytes, false), expected, "{format}");
        }
    }

    #[test]
    fn what_is_no_tar_has_no_entries() {
        for bytes in [
            b"".to_vec(),
            b"no tar".to_vec(),
            vec![b'x'; 2000],
            vec![0; 2000],
        ] {
            let mut source = ArchiveSource::stream(Box::new(io::Cursor::new(bytes)));
            let found = entries(&mut source, &mut |_, _| Ok(ControlFlow::Continue(())));
            assert!(!found.unwrap());
        }
    }

    #[test]
    fn an_archive_that_was_altered_ends() {
        let bytes = tar("pax");
        for at in (0..bytes.len()).step_by(37) {
            let mut altered = bytes.clone();
            altered[at] ^= 0xff;
            let mut source = ArchiveSource::stream(Box::new(io::Cursor::new(altered)));
            // Whatever is found, it ends.
            let _ = entries(&mut source, &mut |_, bytes| {
                io::copy(bytes, &mut io::sink())?;
                Ok(ControlFlow::Continue(()))
            });
        }
    }
}
