//! The headers of a tar's member: ustar, with pax records for what ustar cannot hold. The same bytes as
//! `plugins/file_archive` writes, which reads them again.

use std::borrow::Cow;
use std::io::Write;

use super::posix_acl;

/// A block of a tar.
const BLOCK: u64 = 512;
/// Bytes of a name that fit into a ustar header.
const SHORT: usize = 100;

/// ACLs as text: their record, and their attribute.
const ACLS: [(&str, &str); 2] = [
    ("SCHILY.acl.access", "system.posix_acl_access"),
    ("SCHILY.acl.default", "system.posix_acl_default"),
];

/// What a member is, and its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum MemberKind {
    File = b'0',
    HardLink = b'1',
    Symlink = b'2',
    Directory = b'5',
    Fifo = b'6',
}

/// What the headers of a member say.
#[derive(Debug)]
pub(super) struct TarMember<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: MemberKind,
    /// The target of a symbolic or hard link.
    pub(super) link: &'a [u8],
    /// Bytes of content that follow.
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds and nanoseconds, of one sign.
    pub(super) mtime: (i64, i32),
    /// Extended attributes: names and values.
    pub(super) attributes: Vec<(&'a str, &'a [u8])>,
}

/// With what fills the last block.
pub(super) fn padded(size: u64) -> u64 {
    size.next_multiple_of(BLOCK)
}

impl TarMember<'_> {
    /// All that stands before the content.
    pub(super) fn headers(&self) -> Vec<u8> {
        let slash: &[u8] = match self.kind {
            MemberKind::Directory => b"/",
            _ => b"",
        };
        let name = [self.name, slash].concat();
        let mut out = Vec::with_capacity(BLOCK as usize);
        let records = self.records(&name);
        if !records.is_empty() {
            let length = records.len() as u64;
            out.extend(block(b'x', b"./PaxHeaders/x", &[], length, [0; 3], 0));
            content(&records, &mut out);
        }
        // Pax records are UTF-8, which a name need not be. GNU long names are raw bytes, and every tar reads them.
        for (kind, text) in [(b'L', name.as_slice()), (b'K', self.link)] {
            if text.len() > SHORT && !text.is_ascii() {
                let terminated = [text, b"\0"].concat();
                let length = terminated.len() as u64;
                out.extend(block(kind, b"././@LongLink", &[], length, [0; 3], 0));
                content(&terminated, &mut out);
            }
        }
        let owner = [self.mode, self.uid, self.gid];
        let seconds = self.mtime().0.max(0).cast_unsigned();
        let kind = self.kind as u8;
        out.extend(block(kind, &name, self.link, self.size, owner, seconds));
        out
    }

    /// Whole seconds, and the nanoseconds after them.
    fn mtime(&self) -> (i64, u32) {
        let (seconds, nanoseconds) = self.mtime;
        match nanoseconds < 0 {
            true => (seconds - 1, (1_000_000_000 + nanoseconds).cast_unsigned()),
            false => (seconds, nanoseconds.cast_unsigned()),
        }
    }

    fn records(&self, name: &[u8]) -> Vec<u8> {
        let mut records = Vec::new();
        let (seconds, nanoseconds) = self.mtime();
        if nanoseconds != 0 || !(0..1 << 33).contains(&seconds) {
            let text = decimal(self.mtime);
            record(&mut records, b"mtime", text.as_bytes());
        }
        if self.size >= 1 << 33 {
            record(&mut records, b"size", self.size.to_string().as_bytes());
        }
        for (key, id) in [(&b"uid"[..], self.uid), (b"gid", self.gid)] {
            if id >= 1 << 21 {
                record(&mut records, key, id.to_string().as_bytes());
            }
        }
        for (key, text) in [(&b"path"[..], name), (b"linkpath", self.link)] {
            if text.len() > SHORT && text.is_ascii() {
                record(&mut records, key, text);
            }
        }
        for (name, value) in &self.attributes {
            let (key, value) = attribute_record(name, value);
            record(&mut records, key.as_bytes(), &value);
        }
        records
    }
}

/// The record of an attribute: its key, and its value. A key ends at `=`, which GNU tar writes as `%3D`.
fn attribute_record<'a>(name: &str, value: &'a [u8]) -> (String, Cow<'a, [u8]>) {
    let acl = ACLS.iter().find(|(_, acl)| *acl == name);
    if let Some((key, _)) = acl
        && let Some(text) = posix_acl::to_text(value)
    {
        return ((*key).to_owned(), Cow::Owned(text.into_bytes()));
    }
    let name = name.replace('%', "%25").replace('=', "%3D");
    (format!("SCHILY.xattr.{name}"), Cow::Borrowed(value))
}

/// One ustar header; `owner` is mode, user and group.
fn block(kind: u8, name: &[u8], link: &[u8], size: u64, owner: [u32; 3], mtime: u64) -> [u8; 512] {
    let mut block = [0; BLOCK as usize];
    put(&mut block[..SHORT], name);
    for (at, number) in [(100, owner[0]), (108, owner[1]), (116, owner[2])] {
        octal(&mut block[at..at + 8], number.into());
    }
    octal(&mut block[124..136], size);
    octal(&mut block[136..148], mtime);
    block[156] = kind;
    put(&mut block[157..157 + SHORT], link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    // The checksum counts itself as spaces.
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    octal(&mut block[148..156], sum);
    block
}

/// Octal digits up to the last byte, which is 0. A value that does not fit is capped: a record has it.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    let mut rest = value.min((1 << (3 * digits)) - 1);
    for digit in field[..digits].iter_mut().rev() {
        *digit = b'0' + (rest & 7) as u8;
        rest >>= 3;
    }
    field[digits] = 0;
}

fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

fn content(bytes: &[u8], out: &mut Vec<u8>) {
    let end = out.len() + padded(bytes.len() as u64) as usize;
    out.extend_from_slice(bytes);
    out.resize(end, 0);
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
fn decimal((seconds, nanoseconds): (i64, i32)) -> String {
    let sign = match seconds < 0 || nanoseconds < 0 {
        true => "-",
        false => "",
    };
    let (whole, fraction) = (seconds.unsigned_abs(), nanoseconds.unsigned_abs());
    let text = format!("{sign}{whole}.{fraction:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
