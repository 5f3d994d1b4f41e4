//! The members of a zip, from its directory, by the crate `zip`.

use std::io::{Read, Seek};

use sidecar_sdk::Result;
use sidecar_sdk::target::{Content, Node};
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use super::damaged;
use super::member::{Kind, Member, plain};

/// The longest text of a link that Linux knows.
const LONGEST_LINK: u64 = 4096;

/// Hands each member to `take`, in the directory's order.
pub(super) fn each(
    source: impl Read + Seek,
    take: &mut dyn FnMut(Member) -> Result<()>,
) -> Result<()> {
    let mut archive = ZipArchive::new(source).map_err(damaged)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index_raw(index).map_err(damaged)?;
        take(member(&mut entry)?)?;
    }
    Ok(())
}

fn member<R: Read + Seek>(entry: &mut ZipFile<'_, R>) -> Result<Member> {
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
    let node = Node {
        name: plain(name).to_owned(),
        mode,
        uid,
        gid,
        mtime_seconds: extra.mtime.unwrap_or_else(|| dos_time(entry)),
        mtime_nanoseconds: 0,
    };
    let kind = match attributes & 0o170_000 {
        _ if entry.encrypted() => Kind::Foreign("encrypted"),
        0o120_000 => Kind::Symlink(link(entry)?),
        _ if directory => Kind::Directory,
        0 | 0o100_000 => content(entry)?,
        _ => Kind::Foreign("neither a file nor a directory nor a link"),
    };
    Ok(Member { node, kind })
}

fn content<R: Read + Seek>(entry: &ZipFile<'_, R>) -> Result<Kind> {
    let method = match entry.compression() {
        CompressionMethod::Stored => "stored",
        CompressionMethod::Deflated => "deflated",
        _ => return Ok(Kind::Foreign("compressed by a method of others")),
    };
    Ok(Kind::File(Content {
        offset: entry
            .data_start()
            .ok_or_else(|| damaged("a member's place is not known"))?,
        length: entry.compressed_size(),
        size: entry.size(),
        method: method.to_owned(),
        crc32: Some(entry.crc32()),
    }))
}

/// What is written in a link: it is stored, for it is short.
fn link<R: Read + Seek>(entry: &mut ZipFile<'_, R>) -> Result<Vec<u8>> {
    if entry.compression() != CompressionMethod::Stored || entry.size() > LONGEST_LINK {
        return Err(damaged("a link in it is compressed, or too long"));
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(damaged)?;
    if crc32fast::hash(&text) != entry.crc32() {
        return Err(damaged("a link in it is not what was written"));
    }
    Ok(text)
}

/// UTC, as it was written.
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

/// Info-ZIP's fields: extended timestamp and numeric owner.
#[derive(Debug, Default, PartialEq)]
struct Extra {
    mtime: Option<i64>,
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
                    extra.mtime = Some(u32::from_le_bytes([*a, *b, *c, *d]).into());
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
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use sidecar_sdk::Entry;

    use super::*;
    use crate::zip_header::{self, Directory};

    fn archive() -> Vec<u8> {
        let kinds = [
            ("file", &b"file \xe9"[..], &b"content"[..]),
            ("directory", b"directory/", b""),
            ("symlink", b"link", b"../caf\xe9"),
        ];
        let (mut out, mut directory) = (Vec::new(), Directory::default());
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
            let member = zip_header::Member::new(name.to_owned(), &entry);
            let content = zip_header::Content {
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
        let mut found = Vec::new();
        each(Cursor::new(&archive), &mut |member| {
            found.push(member);
            Ok(())
        })
        .unwrap();
        let names: Vec<_> = found.iter().map(|member| &member.node.name[..]).collect();
        assert_eq!(names, [&b"file \xe9"[..], b"directory", b"link"]);
        for Member { node, .. } in &found {
            assert_eq!(node.mode, 0o4750);
            assert_eq!((node.uid, node.gid), (3_000_000_000, 7));
            assert_eq!(node.mtime_seconds, 1_700_000_001);
        }
        let Kind::File(content) = &found[0].kind else {
            panic!("{found:?}");
        };
        assert_eq!((content.length, content.size), (7, 7));
        assert_eq!(&archive[content.offset as usize..][..7], b"content");
        assert_eq!(content.crc32, Some(crc32fast::hash(b"content")));
        assert!(matches!(found[1].kind, Kind::Directory));
        assert!(matches!(&found[2].kind, Kind::Symlink(text) if text == b"../caf\xe9"));
    }

    #[test]
    fn half_an_archive_is_damaged() {
        let archive = archive();
        for length in [0, 30, archive.len() - 1] {
            let read = each(Cursor::new(&archive[..length]), &mut |_| Ok(()));
            assert_eq!(read.unwrap_err().code, "damaged", "{length}");
        }
    }

    #[test]
    fn fields_that_end_early_are_left_alone() {
        assert_eq!(Extra::parse(b"UT\x05\0\x01"), Extra::default());
        assert_eq!(Extra::parse(b"ux\x03\0\x01\x04\x01"), Extra::default());
    }
}
