//! A number with a unit, as text or as a plain number: what durations and sizes have in common.

use serde::Deserialize;

/// The number and the unit; the unit may be empty.
pub(super) fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim_start()))
}

/// For YAML, `90` and `"90"` are of different types; here they mean the same.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum TextOrNumber {
    Number(u64),
    Text(String),
}

impl TextOrNumber {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}
