//! The members of a tar: ustar, pax and GNU's long names.

use std::io::{self, Read, Seek, SeekFrom};

use sidecar_sdk::Result;
use sidecar_sdk::target::{Content, Node};
use tar::{EntryType, Header};

use super::member::{ArchiveMember, MemberKind, damaged, normalized, unreadable};
use super::pax_facts::PaxFacts;
use crate::tar_header::BLOCK;

/// The most bytes of names and records before a member: attributes can be long.
const MAX_RECORDS: u64 = 16 << 20;
/// Where an old sparse header of GNU tar, and a block that continues it, say that another block follows.
const SPARSE_CONTINUES: [usize; 2] = [482, 504];

/// Passes each member to `take`, in order. Content is not read.
pub(super) fn each_member(
    source: impl Read + Seek,
    take: &mut dyn FnMut(ArchiveMember) -> Result<()>,
) -> Result<()> {
    let mut blocks = Blocks {
        source,
        position: 0,
    };
    let mut before = BeforeMember::default();
    loop {
        let block = blocks.next()?;
        if block == [0; BLOCK] {
            return Ok(());
        }
        let header = Header::from_byte_slice(&block);
        check_sum(header)?;
        let size = header.entry_size().map_err(damaged)?;
        match header.entry_type() {
            EntryType::XHeader => before.pax = PaxFacts::parse(&blocks.content(size)?)?,
            EntryType::GNULongName => before.name = Some(terminated(blocks.content(size)?)),
            EntryType::GNULongLink => before.link = Some(terminated(blocks.content(size)?)),
            EntryType::XGlobalHeader => blocks.skip(size)?,
            kind => {
                let continued = (kind == EntryType::GNUSparse).then_some(block);
                blocks.skip_sparse_map(continued)?;
                let before = std::mem::take(&mut before);
                let size = before.pax.size.unwrap_or(size);
                take(before.member(header, blocks.position, size)?)?;
                blocks.skip(size)?;
            }
        }
    }
}

/// The archive, block by block.
struct Blocks<S> {
    source: S,
    /// Of the next block.
    position: u64,
}

impl<S: Read + Seek> Blocks<S> {
    fn next(&mut self) -> Result<[u8; BLOCK]> {
        let mut block = [0; BLOCK];
        self.source.read_exact(&mut block).map_err(damaged)?;
        self.position += BLOCK as u64;
        Ok(block)
    }

    fn content(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > MAX_RECORDS {
            return Err(damaged("what it says of a member is too long"));
        }
        let mut content = vec![0; size as usize];
        self.source.read_exact(&mut content).map_err(damaged)?;
        self.go(size)?;
        Ok(content)
    }

    fn skip(&mut self, size: u64) -> Result<()> {
        match size {
            0 => Ok(()),
            size => self.go(size),
        }
    }

    fn skip_sparse_map(&mut self, header: Option<[u8; BLOCK]>) -> Result<()> {
        let [in_header, in_block] = SPARSE_CONTINUES;
        let mut continues = header.is_some_and(|header| header[in_header] != 0);
        while continues {
            continues = self.next()?[in_block] != 0;
        }
        Ok(())
    }

    /// To the block after content of this size.
    fn go(&mut self, size: u64) -> Result<()> {
        let too_large = || damaged("a size in it is impossible");
        let padded = size.checked_next_multiple_of(BLOCK as u64);
        let next = padded.and_then(|padded| self.position.checked_add(padded));
        self.position = next.ok_or_else(too_large)?;
        let to = SeekFrom::Start(self.position);
        self.source.seek(to).map_err(damaged).map(drop)
    }
}

/// What headers before a member's own say of it.
#[derive(Default)]
struct BeforeMember {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: PaxFacts,
}

impl BeforeMember {
    fn member(self, header: &Header, offset: u64, size: u64) -> Result<ArchiveMember> {
        let pax = self.pax;
        let in_header = || header.path_bytes().into_owned();
        let name = self.name.or(pax.path).unwrap_or_else(in_header);
        let in_header = || header.link_name_bytes().unwrap_or_default().into_owned();
        let link = self.link.or(pax.link).unwrap_or_else(in_header);
        let mtime = match pax.mtime {
            Some(time) => time,
            // GNU tar writes a time before 1970 as a negative number.
            None => (header.mtime().map_err(damaged)?.cast_signed(), 0),
        };
        let kind = match header.entry_type() {
            EntryType::Regular if name.ends_with(b"/") => MemberKind::Directory,
            EntryType::Regular if pax.sparse => {
                MemberKind::Unsupported("a sparse file of another tar")
            }
            EntryType::Regular | EntryType::Continuous => MemberKind::File(Content {
                offset,
                length: size,
                size,
                method: "stored".to_owned(),
                crc32: None,
            }),
            EntryType::Directory => MemberKind::Directory,
            EntryType::Symlink => MemberKind::Symlink(link),
            EntryType::Link => MemberKind::HardLink(normalized(&link).to_owned()),
            EntryType::Fifo => MemberKind::Fifo,
            EntryType::Char => MemberKind::Unsupported("a character device"),
            EntryType::Block => MemberKind::Unsupported("a block device"),
            EntryType::GNUSparse => MemberKind::Unsupported("a sparse file of GNU tar"),
            _ => MemberKind::Unsupported("of an unknown kind"),
        };
        Ok(ArchiveMember {
            node: Node {
                name: normalized(&name).to_owned(),
                mode: header.mode().map_err(damaged)? & 0o7777,
                uid: owner(pax.uid, header.uid())?,
                gid: owner(pax.gid, header.gid())?,
                mtime_seconds: mtime.0,
                mtime_nanoseconds: mtime.1,
            },
            kind,
            attributes: pax.attributes,
            unreadable_attributes: pax.unreadable_attributes,
        })
    }
}

fn owner(pax: Option<u64>, header: io::Result<u64>) -> Result<u32> {
    let id = match pax {
        Some(id) => id,
        None => header.map_err(damaged)?,
    };
    u32::try_from(id).map_err(|_| unreadable("an owner"))
}

fn check_sum(header: &Header) -> Result<()> {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let bytes = header.as_bytes();
    // The field itself counts as spaces.
    let sum = sum(&bytes[..148]) + 8 * u32::from(b' ') + sum(&bytes[156..]);
    match header.cksum().map_err(damaged)? == sum {
        true => Ok(()),
        false => Err(damaged("the checksum of a header differs")),
    }
}

/// A long name without the zero that ends it.
fn terminated(mut name: Vec<u8>) -> Vec<u8> {
    if let Some(end) = name.iter().position(|byte| *byte == 0) {
        name.truncate(end);
    }
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::tar_header::{BLOCK, Headers, TarMember, pad};

    fn read(archive: &[u8]) -> Vec<ArchiveMember> {
        let mut members = Vec::new();
        each_member(Cursor::new(archive), &mut |member| {
            members.push(member);
            Ok(())
        })
        .unwrap();
        members
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
            let member = TarMember {
                name,
                kind,
                link,
                size,
                mode: 0o4755,
                uid: 3_000_000_000,
                gid: 7,
                mtime,
                attributes: &[],
            };
            headers.write(&member, &mut archive);
            archive.extend(vec![b'x'; size as usize]);
            pad(size, &mut archive);
        }
        archive.extend([0; 2 * BLOCK]);

        let restored = read(&archive);
        assert_eq!(restored.len(), members.len());
        for (restored, (name, _, _, _, mtime)) in restored.iter().zip(members) {
            assert_eq!(restored.node.name, normalized(name));
            assert_eq!(
                (restored.node.mtime_seconds, restored.node.mtime_nanoseconds),
                mtime
            );
            assert_eq!(restored.node.mode, 0o4755);
            assert_eq!((restored.node.uid, restored.node.gid), (3_000_000_000, 7));
        }
        let MemberKind::File(content) = &restored[0].kind else {
            panic!("{restored:?}");
        };
        assert_eq!((content.length, content.size), (700, 700));
        let start = content.offset as usize;
        assert!(archive[start..][..700].iter().all(|byte| *byte == b'x'));
        assert!(matches!(restored[1].kind, MemberKind::Directory));
        assert!(matches!(&restored[2].kind, MemberKind::Symlink(text) if text == b"caf\xe9"));
        assert!(matches!(&restored[3].kind, MemberKind::HardLink(name) if name == b"a"));
        assert!(matches!(restored[4].kind, MemberKind::Fifo));
    }

    #[test]
    fn half_an_archive_is_damaged() {
        let mut archive = Vec::new();
        let member = TarMember {
            name: &[b'n'; 150],
            kind: EntryType::Regular,
            link: b"",
            size: 0,
            mode: 0,
            uid: 0,
            gid: 0,
            mtime: (1, 0),
            attributes: &[],
        };
        Headers::default().write(&member, &mut archive);
        for length in [100, BLOCK + 10, 2 * BLOCK + 10] {
            let read = each_member(Cursor::new(&archive[..length]), &mut |_| Ok(()));
            assert_eq!(read.unwrap_err().code, "damaged", "{length}");
        }
    }
}
