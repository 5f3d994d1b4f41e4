//! The headers of a tar member: ustar, with pax records for what ustar cannot hold.

use std::io::Write;

use sidecar_sdk::attributes::Attribute;
use tar::{EntryType, Header};

use crate::pax_attributes::pax_record;

/// A block of a tar.
pub(crate) const BLOCK: usize = 512;

/// Bytes of a name that fit into a ustar header.
const SHORT: usize = 100;

/// What the headers of a member contain.
#[derive(Debug, Clone)]
pub(crate) struct TarMember<'a> {
    /// That of a directory ends with a slash.
    pub(crate) name: &'a [u8],
    pub(crate) kind: EntryType,
    /// The target of a symbolic or hard link; empty for anything else.
    pub(crate) link: &'a [u8],
    /// Bytes of content that follow.
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: (i64, u32),
    pub(crate) attributes: &'a [Attribute],
}

/// Writes headers, and reuses buffers from one member to the next.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    records: Vec<u8>,
    /// The header before the last records. It contains only their length, which most members share.
    records_header: Option<(usize, Header)>,
}

impl Headers {
    /// Appends the headers of `member` to `out`.
    pub(crate) fn write(&mut self, member: &TarMember<'_>, out: &mut Vec<u8>) {
        self.records.clear();
        let (seconds, nanoseconds) = member.mtime;
        if nanoseconds != 0 || !(0..1 << 33).contains(&seconds) {
            record(
                &mut self.records,
                b"mtime",
                decimal(seconds, nanoseconds).as_bytes(),
            );
        }
        if member.size >= 1 << 33 {
            record(
                &mut self.records,
                b"size",
                member.size.to_string().as_bytes(),
            );
        }
        for (key, id) in [(&b"uid"[..], member.uid), (b"gid", member.gid)] {
            if id >= 1 << 21 {
                record(&mut self.records, key, id.to_string().as_bytes());
            }
        }
        for (key, text) in [(&b"path"[..], member.name), (b"linkpath", member.link)] {
            if text.len() > SHORT && text.is_ascii() {
                record(&mut self.records, key, text);
            }
        }
        for attribute in member.attributes {
            let (key, value) = pax_record(attribute);
            record(&mut self.records, &key, &value);
        }
        if !self.records.is_empty() {
            self.write_records_header(out);
            content(&self.records, out);
        }
        // Pax records are UTF-8, which a name need not be, and which bsdtar cannot read in a
        // container without a locale. GNU long names are raw bytes, and every tar reads them.
        for (kind, text) in [
            (EntryType::GNULongName, member.name),
            (EntryType::GNULongLink, member.link),
        ] {
            if text.len() > SHORT && !text.is_ascii() {
                let terminated = [text, b"\0"].concat();
                finish(
                    &mut header(kind, b"././@LongLink", terminated.len() as u64),
                    out,
                );
                content(&terminated, out);
            }
        }

        let mut header = header(member.kind, member.name, member.size);
        let fields = header.as_old_mut();
        octal(&mut fields.mode, member.mode.into());
        octal(&mut fields.uid, member.uid.into());
        octal(&mut fields.gid, member.gid.into());
        octal(&mut fields.mtime, seconds.max(0).cast_unsigned());
        put(&mut fields.linkname, member.link);
        finish(&mut header, out);
    }

    /// Appends the header with the length of the records.
    fn write_records_header(&mut self, out: &mut Vec<u8>) {
        let length = self.records.len();
        let same = self
            .records_header
            .take()
            .filter(|(last, _)| *last == length);
        let (_, header) = self.records_header.insert(same.unwrap_or_else(|| {
            let mut header = header(EntryType::XHeader, b"./PaxHeaders/x", length as u64);
            header.set_cksum();
            (length, header)
        }));
        out.extend_from_slice(header.as_bytes());
    }
}

/// Pads content of `size` bytes to a full block.
pub(crate) fn pad(size: u64, out: &mut Vec<u8>) {
    let rest = (size % BLOCK as u64) as usize;
    if rest != 0 {
        out.resize(out.len() + BLOCK - rest, 0);
    }
}

fn header(kind: EntryType, name: &[u8], size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    let fields = header.as_old_mut();
    put(&mut fields.name, name);
    octal(&mut fields.size, size);
    for field in [&mut fields.mode, &mut fields.uid, &mut fields.gid] {
        octal(field, 0);
    }
    octal(&mut fields.mtime, 0);
    header
}

/// Octal digits up to the last byte, which stays 0. A value that does not fit is capped: a pax
/// record contains it.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    let mut rest = value.min((1 << (3 * digits)) - 1);
    for digit in field[..digits].iter_mut().rev() {
        *digit = b'0' + (rest & 7) as u8;
        rest >>= 3;
    }
}

fn finish(header: &mut Header, out: &mut Vec<u8>) {
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
}

fn content(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes);
    pad(bytes.len() as u64, out);
}

fn put(field: &mut [u8; SHORT], text: &[u8]) {
    let length = text.len().min(SHORT);
    field[..length].copy_from_slice(&text[..length]);
}

/// "LENGTH KEY=VALUE\n", where the length counts itself.
fn record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + digits(rest);
    if digits(length) > digits(rest) {
        length += 1;
    }
    write!(out, "{length} ").expect("a Vec takes everything");
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn digits(number: usize) -> usize {
    number.max(1).ilog10() as usize + 1
}

/// Seconds with a fraction: "1700000000.25", "-1.5".
fn decimal(seconds: i64, nanoseconds: u32) -> String {
    let (sign, whole, fraction) = if seconds < 0 && nanoseconds > 0 {
        ("-", -(seconds + 1), 1_000_000_000 - nanoseconds)
    } else if seconds < 0 {
        ("-", -seconds, 0)
    } else {
        ("", seconds, nanoseconds)
    };
    let text = format!("{sign}{whole}.{fraction:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::Read;

    use super::*;

    const PLAIN: TarMember<'_> = TarMember {
        name: b"a",
        kind: EntryType::Regular,
        link: b"",
        size: 0,
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: (1, 0),
        attributes: &[],
    };

    fn written(member: &TarMember<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        Headers::default().write(member, &mut out);
        out
    }

    /// The member as the tar crate reads it back, and its pax records.
    fn with_parsed(member: &TarMember<'_>, check: impl FnOnce(&mut tar::Entry<'_, &[u8]>)) {
        let mut bytes = written(member);
        bytes.extend([0; 2 * BLOCK]);
        let mut archive = tar::Archive::new(bytes.as_slice());
        check(&mut archive.entries().unwrap().next().unwrap().unwrap());
    }

    #[test]
    fn what_ustar_can_hold_takes_one_block() {
        assert_eq!(written(&PLAIN).len(), BLOCK);
        with_parsed(
            &TarMember {
                mode: 0o7755,
                uid: 7,
                gid: 8,
                ..PLAIN
            },
            |entry| {
                assert_eq!(entry.path_bytes().as_ref(), b"a");
                assert_eq!(entry.header().mode().unwrap(), 0o7755);
                assert_eq!(
                    (entry.header().uid().unwrap(), entry.header().gid().unwrap()),
                    (7, 8)
                );
                assert_eq!(entry.header().mtime().unwrap(), 1);
            },
        );
    }

    #[test]
    fn long_names_and_links_survive() {
        for unit in ["x", "ä", "d/"] {
            let long = unit.repeat(150);
            let member = TarMember {
                name: long.as_bytes(),
                link: long.as_bytes(),
                kind: EntryType::Symlink,
                ..PLAIN
            };
            with_parsed(&member, |entry| {
                assert_eq!(entry.path_bytes().as_ref(), long.as_bytes());
                assert_eq!(entry.link_name_bytes().unwrap().as_ref(), long.as_bytes());
            });
        }
    }

    #[test]
    fn names_that_are_not_utf_8_survive() {
        for length in [1, 99, 100, 101, 300] {
            let name = vec![0xff; length];
            let member = TarMember {
                name: &name,
                link: &name,
                kind: EntryType::Symlink,
                mtime: (1, 5),
                ..PLAIN
            };
            with_parsed(&member, |entry| {
                assert_eq!(entry.path_bytes().as_ref(), name);
                assert_eq!(entry.link_name_bytes().unwrap().as_ref(), name);
            });
        }
    }

    #[test]
    fn fractions_of_seconds_and_times_before_1970_are_records() {
        for (mtime, expected) in [
            ((1_700_000_000, 250_000_000), "1700000000.25"),
            ((1_700_000_000, 1), "1700000000.000000001"),
            ((-1, 0), "-1"),
            ((-2, 500_000_000), "-1.5"),
            ((-1, 999_999_999), "-0.000000001"),
            ((1 << 33, 0), "8589934592"),
        ] {
            with_parsed(&TarMember { mtime, ..PLAIN }, |entry| {
                let records = entry.pax_extensions().unwrap().unwrap();
                let records: Vec<_> = records.map(|record| record.unwrap()).collect();
                assert_eq!(records.len(), 1);
                assert_eq!(
                    (records[0].key(), records[0].value()),
                    (Ok("mtime"), Ok(expected))
                );
            });
        }
    }

    #[test]
    fn sizes_and_owners_beyond_ustar_survive() {
        let size = (8u64 << 30) + 1;
        let member = TarMember {
            size,
            uid: 3_000_000_000,
            gid: 1 << 21,
            ..PLAIN
        };
        let bytes = written(&member);
        let mut archive = tar::Archive::new(bytes.as_slice().chain(std::io::repeat(0)));
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.size(), size);
        assert_eq!(entry.header().uid().unwrap(), 3_000_000_000);
        assert_eq!(entry.header().gid().unwrap(), 1 << 21);
    }

    #[test]
    fn a_record_counts_its_own_length() {
        for length in 80..1100 {
            let mut out = Vec::new();
            record(&mut out, b"path", &vec![b'x'; length]);
            let text = String::from_utf8(out).unwrap();
            let (count, _) = text.split_once(' ').unwrap();
            assert_eq!(count.parse::<usize>().unwrap(), text.len());
        }
    }

    #[test]
    fn content_ends_on_a_block() {
        for (size, expected) in [(0, 0), (1, 511), (512, 0), (513, 511)] {
            let mut out = Vec::new();
            pad(size, &mut out);
            assert_eq!(out.len(), expected);
        }
    }
}
