//! Sizes: `64KiB`, `1GiB`, plain bytes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::quantity::{TextOrNumber, split};

/// Bytes in each unit, compared without regard to case.
const SIZES: [(&str, u64); 13] = [
    ("", 1),
    ("B", 1),
    ("K", 1 << 10),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("M", 1 << 20),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("G", 1 << 30),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
];

/// A number of bytes as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawSize(pub(super) u64);

/// `None` if it is not a size, or more than 16 EiB.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let (_, bytes) = SIZES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*bytes)
}

impl JsonSchema for RawSize {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "size",
            "type": ["string", "integer"],
            "format": "sidecar-size",
            "minimum": 0,
            "examples": ["64KiB", "1GiB", 1048576],
        })
    }
}

impl<'de> Deserialize<'de> for RawSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = TextOrNumber::deserialize(deserializer)?.into_text();
        size(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom("not a size"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary_or_decimal() {
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("64 kib"), Some(65_536));
        assert_eq!(size("1GB"), Some(1_000_000_000));
        assert_eq!(size("1048576"), Some(1_048_576));
        for wrong in ["", "GiB", "-1", "1.5GiB", "1 PiB?", "99999999TiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
