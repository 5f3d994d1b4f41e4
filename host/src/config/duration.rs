//! Durations: `90s`, `4m`, `2h`, `7d`, `0`.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::quantity::{TextOrNumber, split};

/// Milliseconds in each unit.
const DURATIONS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// A duration as it is written: one number, one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawDuration(pub(super) Duration);

/// `None` if it is not a duration. Only 0 needs no unit.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return (number == 0).then_some(Duration::ZERO);
    }
    let (_, milliseconds) = DURATIONS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*milliseconds).map(Duration::from_millis)
}

impl JsonSchema for RawDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "duration",
            "type": ["string", "integer"],
            "format": "sidecar-duration",
            "minimum": 0,
            "maximum": 0,
            "examples": ["90s", "4m", "2h", "7d", 0],
        })
    }
}

impl<'de> Deserialize<'de> for RawDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = TextOrNumber::deserialize(deserializer)?.into_text();
        duration(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom("not a duration"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_unless_they_are_zero() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("4m"), Some(Duration::from_secs(240)));
        assert_eq!(duration("7d"), Some(Duration::from_secs(7 * 86_400)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("0"), Some(Duration::ZERO));
        for wrong in [
            "90",
            "",
            "h",
            "-1s",
            "1.5h",
            "1h30m",
            "99999999999999999999s",
            "1y",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
