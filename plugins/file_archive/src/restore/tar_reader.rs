//! The members of a tar: ustar, pax and GNU's long names, by the crate `tar`.

use std::io::{self, Read, Seek};

use sidecar_sdk::target::{Content, Node};
use sidecar_sdk::{Failure, Result};
use tar::{Archive, Entry, EntryType};

use super::damaged;
use super::member::{Kind, Member, plain};

/// Hands each member to `take`, in order. What lies between the headers is not read.
pub(super) fn each(
    source: impl Read + Seek,
    take: &mut dyn FnMut(Member) -> Result<()>,
) -> Result<()> {
    let mut archive = Archive::new(source);
    for entry in archive.entries_with_seek().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        if !matches!(
            entry.header().entry_type(),
            EntryType::XGlobalHeader | EntryType::XHeader
        ) {
            take(member(&mut entry)?)?;
        }
    }
    Ok(())
}

fn member<R: Read>(entry: &mut Entry<'_, R>) -> Result<Member> {
    let mtime = match pax_mtime(entry)? {
        Some(time) => time,
        None => (
            i64::try_from(entry.header().mtime().map_err(damaged)?).unwrap_or(i64::MAX),
            0,
        ),
    };
    let header = entry.header();
    let id = |id: io::Result<u64>| -> Result<u32> {
        u32::try_from(id.map_err(damaged)?).map_err(|_| wrong("an owner"))
    };
    let link = || {
        entry
            .link_name_bytes()
            .map_or_else(Vec::new, |name| name.into_owned())
    };
    Ok(Member {
        node: Node {
            name: plain(&entry.path_bytes()).to_owned(),
            mode: header.mode().map_err(damaged)? & 0o7777,
            uid: id(header.uid())?,
            gid: id(header.gid())?,
            mtime_seconds: mtime.0,
            mtime_nanoseconds: mtime.1,
        },
        kind: match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => Kind::File(Content {
                offset: entry.raw_file_position(),
                length: entry.size(),
                size: entry.size(),
                method: "stored".to_owned(),
                crc32: None,
            }),
            EntryType::Directory => Kind::Directory,
            EntryType::Symlink => Kind::Symlink(link()),
            EntryType::Link => Kind::HardLink(plain(&link()).to_owned()),
            EntryType::Fifo => Kind::Fifo,
            EntryType::Char => Kind::Foreign("a character device"),
            EntryType::Block => Kind::Foreign("a block device"),
            EntryType::GNUSparse => Kind::Foreign("a sparse file of GNU tar"),
            _ => Kind::Foreign("of an unknown kind"),
        },
    })
}

/// The record that can hold fractions of a second, and times before 1970.
fn pax_mtime<R: Read>(entry: &mut Entry<'_, R>) -> Result<Option<(i64, u32)>> {
    let Some(records) = entry.pax_extensions().map_err(damaged)? else {
        return Ok(None);
    };
    for record in records {
        let record = record.map_err(damaged)?;
        if record.key_bytes() == b"mtime" {
            let text = str::from_utf8(record.value_bytes()).ok();
            return text.and_then(time).map(Some).ok_or_else(|| wrong("a time"));
        }
    }
    Ok(None)
}

/// "-1.5" is half a second before -1: whole seconds down, nanoseconds up.
fn time(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    let nanoseconds: u32 = digits.parse().ok()?;
    let seconds: i64 = whole.parse().ok()?;
    match (whole.starts_with('-'), nanoseconds) {
        (true, 1..) => Some((seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds)),
        _ => Some((seconds, nanoseconds)),
    }
}

fn wrong(what: &str) -> Failure {
    damaged(format!("{what} in it cannot be read"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::header::{self, BLOCK, Headers, pad};

    fn read(archive: &[u8]) -> Vec<Member> {
        let mut found = Vec::new();
        each(Cursor::new(archive), &mut |member| {
            found.push(member);
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn what_was_written_is_read() {
        let long = "x/".repeat(150);
        let members = [
            (
                &b"a"[..],
                EntryType::Regular,
                &b""[..],
                700,
                (1_700_000_000, 5),
            ),
            (
                b"not utf-8 \xe9/",
                EntryType::Directory,
                b"",
                0,
                (-2, 500_000_000),
            ),
            (long.as_bytes(), EntryType::Symlink, b"caf\xe9", 0, (0, 0)),
            (b"b", EntryType::Link, b"a", 0, (6_000_000_000, 0)),
            (b"fifo", EntryType::Fifo, b"", 0, (1, 0)),
            (b"empty", EntryType::Regular, b"", 0, (1, 0)),
        ];
        let (mut headers, mut archive) = (Headers::default(), Vec::new());
        for (name, kind, link, size, mtime) in members {
            let member = header::Member {
                name,
                kind,
                link,
                size,
                mode: 0o4755,
                uid: 3_000_000_000,
                gid: 7,
                mtime,
            };
            headers.write(&member, &mut archive);
            archive.extend(vec![b'x'; size as usize]);
            pad(size, &mut archive);
        }
        archive.extend([0; 2 * BLOCK]);

        let found = read(&archive);
        assert_eq!(found.len(), members.len());
        for (found, (name, _, _, _, mtime)) in found.iter().zip(members) {
            assert_eq!(found.node.name, plain(name));
            assert_eq!(
                (found.node.mtime_seconds, found.node.mtime_nanoseconds),
                mtime
            );
            assert_eq!(found.node.mode, 0o4755);
            assert_eq!((found.node.uid, found.node.gid), (3_000_000_000, 7));
        }
        let Kind::File(content) = &found[0].kind else {
            panic!("{found:?}");
        };
        assert_eq!((content.length, content.size), (700, 700));
        let start = content.offset as usize;
        assert!(archive[start..][..700].iter().all(|byte| *byte == b'x'));
        assert!(matches!(found[1].kind, Kind::Directory));
        assert!(matches!(&found[2].kind, Kind::Symlink(text) if text == b"caf\xe9"));
        assert!(matches!(&found[3].kind, Kind::HardLink(name) if name == b"a"));
        assert!(matches!(found[4].kind, Kind::Fifo));
    }

    #[test]
    fn times_are_read_as_they_are_meant() {
        for (text, expected) in [
            ("1700000000.25", Some((1_700_000_000, 250_000_000))),
            ("-1.5", Some((-2, 500_000_000))),
            ("-0.000000001", Some((-1, 999_999_999))),
            ("-1", Some((-1, 0))),
            ("7.0000000019", Some((7, 1))),
            ("1.-5", None),
            ("", None),
            ("never", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn half_an_archive_is_damaged() {
        let mut archive = Vec::new();
        let member = header::Member {
            name: &[b'n'; 150],
            kind: EntryType::Regular,
            link: b"",
            size: 0,
            mode: 0,
            uid: 0,
            gid: 0,
            mtime: (1, 0),
        };
        Headers::default().write(&member, &mut archive);
        for length in [100, BLOCK + 10, 2 * BLOCK + 10] {
            let read = each(Cursor::new(&archive[..length]), &mut |_| Ok(()));
            assert_eq!(read.unwrap_err().code, "damaged", "{length}");
        }
    }
}
