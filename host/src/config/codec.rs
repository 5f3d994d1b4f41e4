//! `strategy.artifact.compression` and `level`.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::section_reader::SectionReader;

/// A codec of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Bytes as they are.
    None,
    /// gzip, levels 1 to 9, default 6.
    Gz,
    /// bzip2, levels 1 to 9, default 9.
    Bz2,
    /// xz, levels 0 to 9, default 6.
    Xz,
    /// Zstandard, levels 1 to 22, default 3.
    Zst,
}

impl Codec {
    /// The levels that it has.
    pub fn levels(self) -> Option<RangeInclusive<u32>> {
        match self {
            Self::None => None,
            Self::Gz | Self::Bz2 => Some(1..=9),
            Self::Xz => Some(0..=9),
            Self::Zst => Some(1..=22),
        }
    }
}

/// `strategy.artifact.compression` and `level`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    /// Which codec.
    pub codec: Codec,
    /// The codec's own scale; left out: its default.
    pub level: Option<u32>,
}

pub(super) fn read(
    reader: &mut SectionReader<'_>,
    codec: Option<Codec>,
    level: Option<u32>,
) -> Compression {
    let codec = codec.unwrap_or(Codec::None);
    if let Some(level) = level {
        check_level(reader, codec, level);
    }
    Compression { codec, level }
}

fn check_level(reader: &mut SectionReader<'_>, codec: Codec, level: u32) {
    let at = "/strategy/artifact/level";
    match codec.levels() {
        None => reader.key_problem(
            at,
            "there is no level without compression",
            "remove it, or write `compression: gz` (or bz2, xz, zst) beside it",
        ),
        Some(levels) if !levels.contains(&level) => reader.problem(
            at,
            format!("`{level}` is not a level of this codec"),
            format!("write {} to {}", levels.start(), levels.end()),
        ),
        Some(_) => {}
    }
}
