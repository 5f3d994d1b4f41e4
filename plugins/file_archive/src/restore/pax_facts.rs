//! What pax records say of a member, where the header cannot.

use sidecar_sdk::Result;
use sidecar_sdk::attributes::Attribute;

use super::member::unreadable;
use crate::pax_attributes::{PaxAttribute, pax_attribute};

#[derive(Default)]
pub(super) struct PaxFacts {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    /// With fractions of a second, and before 1970.
    pub(super) mtime: Option<(i64, u32)>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) unreadable_attributes: Vec<&'static [u8]>,
    /// Its content is a list of pieces, as GNU tar and bsdtar write it.
    pub(super) sparse: bool,
}

impl PaxFacts {
    /// Reads "LENGTH KEY=VALUE\n" again and again. A value may have any bytes in it.
    pub(super) fn parse(mut records: &[u8]) -> Result<Self> {
        let mut facts = Self::default();
        while !records.is_empty() {
            let (key, value, rest) = record(records).ok_or_else(|| unreadable("a record"))?;
            facts.take(key, value)?;
            records = rest;
        }
        Ok(facts)
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let text = || str::from_utf8(value).ok();
        let number = |what: &str| {
            let number = text().and_then(|text| text.parse().ok());
            number.map(Some).ok_or_else(|| unreadable(what))
        };
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = number("a size")?,
            b"uid" => self.uid = number("an owner")?,
            b"gid" => self.gid = number("an owner")?,
            b"mtime" => {
                let time = text().and_then(time).ok_or_else(|| unreadable("a time"))?;
                self.mtime = Some(time);
            }
            key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            key => match pax_attribute(key, value) {
                PaxAttribute::None => {}
                PaxAttribute::One(name, value) => self.attributes.push(Attribute { name, value }),
                PaxAttribute::Unreadable(name) => self.unreadable_attributes.push(name),
            },
        }
        Ok(())
    }
}

/// Key and value of the first record, and what follows it.
fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().position(|byte| *byte == b' ')?;
    let length: usize = str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let (record, rest) = records.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], rest))
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

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
    fn a_value_may_have_any_bytes() {
        let records = b"13 path=a\n=b\n25 SCHILY.xattr.user.x=\n\n";
        let facts = PaxFacts::parse(records).unwrap();
        assert_eq!(facts.path.unwrap(), b"a\n=b");
        assert_eq!(facts.attributes[0].value, b"\n");
        for damaged in [
            &b"5 a=b\n"[..],
            b"7 a=b\n",
            b"x a=b\n",
            b"6 ab\n\n",
            b"0 \n",
            b"2 ",
        ] {
            assert!(PaxFacts::parse(damaged).is_err());
        }
    }
}
