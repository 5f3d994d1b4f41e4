//! Extended attributes as pax records: `SCHILY.xattr.NAME`, and POSIX ACLs as text, which GNU tar and
//! bsdtar read.

use std::borrow::Cow;

use sidecar_sdk::attributes::Attribute;

use crate::posix_acl;

const XATTR: &[u8] = b"SCHILY.xattr.";
const ACLS: [(&[u8], &[u8]); 2] = [
    (b"SCHILY.acl.access", b"system.posix_acl_access"),
    (b"SCHILY.acl.default", b"system.posix_acl_default"),
];

/// The record of an attribute: its key, and its value.
pub(crate) fn pax_record(attribute: &Attribute) -> (Vec<u8>, Cow<'_, [u8]>) {
    let acl = ACLS.iter().find(|(_, name)| *name == attribute.name);
    if let Some((key, _)) = acl
        && let Some(text) = posix_acl::to_text(&attribute.value)
    {
        return (key.to_vec(), Cow::Owned(text.into_bytes()));
    }
    let key = [XATTR, &escaped(&attribute.name)].concat();
    (key, Cow::Borrowed(&attribute.value))
}

/// What a record says of an attribute.
#[derive(Debug, PartialEq)]
pub(crate) enum PaxAttribute {
    None,
    One(Vec<u8>, Vec<u8>),
    /// An ACL with names of users that only the other machine knows.
    Unreadable(&'static [u8]),
}

/// Reads a record back.
pub(crate) fn pax_attribute(key: &[u8], value: &[u8]) -> PaxAttribute {
    if let Some((_, name)) = ACLS.iter().find(|(acl, _)| *acl == key) {
        let text = str::from_utf8(value).ok();
        return match text.and_then(posix_acl::from_text) {
            Some(acl) => PaxAttribute::One(name.to_vec(), acl),
            None => PaxAttribute::Unreadable(name),
        };
    }
    match key.strip_prefix(XATTR) {
        Some(name) => PaxAttribute::One(unescaped(name), value.to_vec()),
        None => PaxAttribute::None,
    }
}

/// A key ends at `=`: GNU tar writes that as `%3D`.
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'=' => out.extend(b"%3D"),
            b'%' => out.extend(b"%25"),
            byte => out.push(*byte),
        }
    }
    out
}

fn unescaped(mut name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    while let Some((byte, rest)) = name.split_first() {
        (name, _) = match rest {
            [b'3', b'D', rest @ ..] if *byte == b'%' => (rest, out.push(b'=')),
            [b'2', b'5', rest @ ..] if *byte == b'%' => (rest, out.push(b'%')),
            _ => (rest, out.push(*byte)),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_attribute_comes_back() {
        let acl =
            posix_acl::from_text("user::rw-\nuser:65534:r--\ngroup::r--\nmask::r--\nother::---");
        for (name, value, key) in [
            (
                &b"user.note"[..],
                &b"a=b\n\0\xff"[..],
                &b"SCHILY.xattr.user.note"[..],
            ),
            (b"user.a=b%3Dc", b"", b"SCHILY.xattr.user.a%3Db%253Dc"),
            (
                b"security.capability",
                b"\x01\0\0\x02",
                b"SCHILY.xattr.security.capability",
            ),
            (
                b"system.posix_acl_access",
                &acl.unwrap_or_default(),
                b"SCHILY.acl.access",
            ),
            (
                b"system.posix_acl_default",
                b"not an ACL",
                b"SCHILY.xattr.system.posix_acl_default",
            ),
        ] {
            let attribute = Attribute {
                name: name.to_vec(),
                value: value.to_vec(),
            };
            let (found, record) = pax_record(&attribute);
            assert_eq!(found, key);
            assert_eq!(
                pax_attribute(&found, &record),
                PaxAttribute::One(name.to_vec(), value.to_vec())
            );
        }
        assert_eq!(pax_attribute(b"mtime", b"1"), PaxAttribute::None);
    }
}
