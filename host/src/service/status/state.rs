//! How good the state of a strategy is.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The state of a strategy, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// The newest good backup covers the last time at which one was due.
    Fresh,
    /// No backup yet, and none was due.
    Never,
    /// What the stores hold cannot be known.
    Unknown,
    /// A backup is late, or something else needs a look while a good one is young.
    Late,
    /// There is no good backup, or two are missing.
    Failed,
}

impl MemberState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Fresh,
        Self::Never,
        Self::Unknown,
        Self::Late,
        Self::Failed,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Never => "never",
            Self::Unknown => "unknown",
            Self::Late => "late",
            Self::Failed => "failed",
        }
    }
}

/// A state of a later version is one that cannot be known.
impl<'de> Deserialize<'de> for MemberState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let named = Self::ALL.into_iter().find(|state| state.as_str() == word);
        Ok(named.unwrap_or(Self::Unknown))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::service::status::view::SidecarStatus;

    #[test]
    fn what_a_later_version_says_can_be_read() {
        let said = json!({
            "as_of": "2026-11-30T09:00:00Z",
            "state": "haunted",
            "weather": "rain",
            "members": [{
                "strategy": "custom", "state": "fresh", "why": [], "damaged": [], "missing_uploads": [], "stores": [],
                "running": {"id": "a", "kind": "dream", "state": "running", "asked_by": "schedule"},
            }],
        });
        let status: SidecarStatus = serde_json::from_value(said).unwrap();
        assert_eq!(status.state, MemberState::Unknown);
        assert_eq!(status.members[0].state, MemberState::Fresh);
        assert_eq!(status.members[0].running, None);
        let again = serde_json::to_value(&status).unwrap();
        assert_eq!(
            serde_json::from_value::<SidecarStatus>(again).unwrap(),
            status
        );
    }
}
