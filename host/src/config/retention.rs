//! `retention`: tiers, and how long each keeps its backups.

use std::collections::BTreeMap;
use std::fmt;

/// A folder of a store, and the grain of what lies in it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Every backup.
    Daily,
    /// The first good one of each ISO week (from Monday).
    Weekly,
    /// The first good one of each month.
    Monthly,
    /// The first good one of each year.
    Yearly,
}

impl Tier {
    /// All of them, from fine to coarse.
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// The folder's name ("daily"), which is the key in the configuration too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `retention`: how long each tier keeps its backups.
///
/// A tier that is not named is not kept, but for its newest good backup. A policy that names no
/// tier is none: it deletes nothing.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Policy(BTreeMap<Tier, Keep>);

/// `retention.TIER`: a backup stays if either says so; with neither, for ever.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Backups of that many days stay; the first one is today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub days: Option<u32>,
    /// That many good ones stay, however old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub last: Option<u32>,
}

impl Keep {
    /// Nothing ever leaves the tier.
    pub const FOR_EVER: Self = Self {
        days: None,
        last: None,
    };

    /// By age.
    pub fn days(days: u32) -> Self {
        Self {
            days: Some(days),
            last: None,
        }
    }

    /// By number.
    pub fn last(last: u32) -> Self {
        Self {
            days: None,
            last: Some(last),
        }
    }
}

impl Policy {
    /// What the tier keeps; `None` if it is not named.
    pub fn get(&self, tier: Tier) -> Option<Keep> {
        self.0.get(&tier).copied()
    }

    /// Whether it names no tier.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The named tiers, from fine to coarse.
    pub fn iter(&self) -> impl Iterator<Item = (Tier, Keep)> {
        self.0.iter().map(|(tier, keep)| (*tier, *keep))
    }
}

impl FromIterator<(Tier, Keep)> for Policy {
    fn from_iter<I: IntoIterator<Item = (Tier, Keep)>>(tiers: I) -> Self {
        Self(tiers.into_iter().collect())
    }
}
