//! The members of a zip, from its central directory, by the crate `zip`.

use std::io::{Read, Seek};

use sidecar_sdk::Result;
use sidecar_sdk::target::{Content, Node};
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use crate::zip_header::{NTFS_EPOCH, NTFS_TICKS};

use super::member::{ArchiveMember, MemberKind, damaged, normalized};

/// The longest text of a symbolic link in Linux.
const MAX_LINK_LENGTH: u64 = 4096;

/// Passes each member to `take`, in the directory's order.
pub(super) fn each_member(
    source: impl Read + Seek,
    take: &mut dyn FnMut(ArchiveMember) -> Result<()>,
) -> Result<()> {
    let mut archive = ZipArchive::new(source).map_err(damaged)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index_raw(index).map_err(damaged)?;
        take(member(&mut entry)?)?;
    }
    Ok(())
}

fn member<R: Read + Seek>(entry: &mut ZipFile<'_, R>) -> Result<ArchiveMember> {
    let name = entry.name_raw();
    let directory = name.ends_with(b"/");
    let attributes = entry.external_attributes() >> 16;
    let mode = match (attributes, directory) {
        (0, true) => 0o755,
        (0, false) => 0o644,
        (attributes, _) => attributes & 0o7777,
    };
    let extra = Extra::parse(&entry.extra_data().unwrap_or_default());
    let (uid, gid) = extra.owner.unwrap_or((0, 0));
    let (mtime_seconds, mtime_nanoseconds) = extra.mtime.unwrap_or_else(|| (dos_time(entry), 0));
    let node = Node {
        name: normalized(name).to_owned(),
        mode,
        uid,
        gid,
        mtime_seconds,
        mtime_nanoseconds,
    };
    let kind = match attributes & 0o170_000 {
        _ if entry.encrypted() => MemberKind::Unsupported("encrypted"),
        0o120_000 => MemberKind::Symlink(link(entry)?),
        _ if directory => MemberKind::Directory,
        0 | 0o100_000 => content(entry)?,
        _ => MemberKind::Unsupported("neither a file nor a directory nor a link"),
    };
    Ok(ArchiveMember {
        node,
        kind,
        attributes: Vec::new(),
        unreadable_attributes: Vec::new(),
    })
}

fn content<R: Read + Seek>(entry: &ZipFile<'_, R>) -> Result<MemberKind> {
    let method = match entry.compression() {
        CompressionMethod::Stored => "stored",
        CompressionMethod::Deflated => "deflated",
        _ => {
            return Ok(MemberKind::Unsupported(
                "compressed by an unsupported method",
            ));
        }
    };
    Ok(MemberKind::File(Content {
        offset: entry
            .data_start()
            .ok_or_else(|| damaged("the position of a member is not known"))?,
        length: entry.compressed_size(),
        size: entry.size(),
        method: method.to_owned(),
        crc32: Some(entry.crc32()),
    }))
}

/// The text of a symbolic link, which is short and therefore stored.
fn link<R: Read + Seek>(entry: &mut ZipFile<'_, R>) -> Result<Vec<u8>> {
    if entry.compression() != CompressionMethod::Stored || entry.size() > MAX_LINK_LENGTH {
        return Err(damaged("a link in it is compressed, or too long"));
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(damaged)?;
    if crc32fast::hash(&text) != entry.crc32() {
        return Err(damaged("a link in it is not what was written"));
    }
    Ok(text)
}

/// The time in UTC, as the writer has it.
fn dos_time<R: Read>(entry: &ZipFile<'_, R>) -> i64 {
    let civil = entry.last_modified().and_then(|at| {
        let [month, day, hour, minute, second] =
            [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(u8::cast_signed);
        let year = i16::try_from(at.year()).ok()?;
        jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()
    });
    civil
        .and_then(|at| jiff::tz::Offset::UTC.to_timestamp(at).ok())
        .map_or(0, |at| at.as_second())
}

/// Seconds and nanoseconds of NTFS's time.
fn ntfs_time(ticks: u64) -> Option<(i64, u32)> {
    let seconds = i64::try_from(ticks / NTFS_TICKS).ok()? - NTFS_EPOCH;
    let nanoseconds = u32::try_from(ticks % NTFS_TICKS).ok()? * 100;
    Some((seconds, nanoseconds))
}

/// Info-ZIP's fields: extended timestamp and numeric owner; and NTFS's times.
#[derive(Debug, Default, PartialEq)]
struct Extra {
    /// Seconds and nanoseconds.
    mtime: Option<(i64, u32)>,
    owner: Option<(u32, u32)>,
}

impl Extra {
    fn parse(mut bytes: &[u8]) -> Self {
        let mut extra = Self::default();
        while let Some((&[id, kind, low, high], rest)) = bytes.split_first_chunk() {
            let Some((field, rest)) = rest.split_at_checked(u16::from_le_bytes([low, high]).into())
            else {
                break;
            };
            bytes = rest;
            match ([id, kind], field) {
                ([b'U', b'T'], [flags, a, b, c, d, ..]) if flags & 1 == 1 => {
                    let seconds = u32::from_le_bytes([*a, *b, *c, *d]);
                    extra.mtime = Some((seconds.into(), 0));
                }
                // Our own writer has this field where the other one cannot hold the time.
                ([0x0a, 0], [_, _, _, _, 1, 0, 24, 0, ticks @ ..]) => {
                    let ticks = ticks.first_chunk().copied().map(u64::from_le_bytes);
                    extra.mtime = extra.mtime.or(ticks.and_then(ntfs_time));
                }
                ([b'u', b'x'], [1, 4, uid @ .., _, _, _, _, _]) if field.len() == 11 => {
                    let gid = &field[7..];
                    if let (Ok(uid), Ok(gid)) = (uid.try_into(), gid.try_into()) {
                        extra.owner = Some((u32::from_le_bytes(uid), u32::from_le_bytes(gid)));
                    }
                }
                _ => {}
            }
        }
        extra
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::Cursor;

    use sidecar_sdk::Entry;

    use super::*;
    use crate::zip_header::{CentralDirectory, ZipContent, ZipMember};

    fn archive() -> Vec<u8> {
        let kinds = [
            ("file", &b"file \xe9"[..], &b"content"[..]),
            ("directory", b"directory/", b""),
            ("symlink", b"link", b"../caf\xe9"),
        ];
        let (mut out, mut directory) = (Vec::new(), CentralDirectory::default());
        for (kind, name, bytes) in kinds {
            let entry = Entry {
                path: Vec::new(),
                kind: kind.to_owned(),
                mode: 0o4750,
                uid: 3_000_000_000,
                gid: 7,
                mtime_seconds: 1_700_000_001,
                mtime_nanoseconds: 0,
                size: 0,
                link_target: None,
                device: 0,
                inode: 0,
                links: 1,
            };
            let member = ZipMember::new(name.to_owned(), &entry);
            let content = ZipContent {
                deflated: false,
                crc32: crc32fast::hash(bytes),
                compressed: bytes.len() as u64,
                length: bytes.len() as u64,
            };
            let offset = out.len() as u64;
            out.extend(member.local(&content));
            out.extend(bytes);
            directory.add(&member, &content, false, offset);
        }
        let offset = out.len() as u64;
        out.extend(directory.finish(offset));
        out
    }

    #[test]
    fn what_was_written_is_read() {
        let archive = archive();
        let mut members = Vec::new();
        each_member(Cursor::new(&archive), &mut |member| {
            members.push(member);
            Ok(())
        })
        .unwrap();
        let names: Vec<_> = members.iter().map(|member| &member.node.name[..]).collect();
        assert_eq!(names, [&b"file \xe9"[..], b"directory", b"link"]);
        for ArchiveMember { node, .. } in &members {
            assert_eq!(node.mode, 0o4750);
            assert_eq!((node.uid, node.gid), (3_000_000_000, 7));
            assert_eq!(node.mtime_seconds, 1_700_000_001);
        }
        let MemberKind::File(content) = &members[0].kind else {
            panic!("{members:?}");
        };
        assert_eq!((content.length, content.size), (7, 7));
        assert_eq!(&archive[content.offset as usize..][..7], b"content");
        assert_eq!(content.crc32, Some(crc32fast::hash(b"content")));
        assert!(matches!(members[1].kind, MemberKind::Directory));
        assert!(matches!(&members[2].kind, MemberKind::Symlink(text) if text == b"../caf\xe9"));
    }

    #[test]
    fn half_an_archive_is_damaged() {
        let archive = archive();
        for length in [0, 30, archive.len() - 1] {
            let read = each_member(Cursor::new(&archive[..length]), &mut |_| Ok(()));
            assert_eq!(read.unwrap_err().code, "damaged", "{length}");
        }
    }

    #[test]
    fn truncated_fields_are_ignored() {
        assert_eq!(Extra::parse(b"UT\x05\0\x01"), Extra::default());
        assert_eq!(Extra::parse(b"ux\x03\0\x01\x04\x01"), Extra::default());
    }
}
