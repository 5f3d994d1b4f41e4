//! `retention`: how long each tier keeps its backups.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::section_reader::SectionReader;
use super::tier::Tier;

/// How long backups are kept. A tier that is not named is not kept.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retention")]
pub(super) struct RawRetention {
    pub(super) daily: Option<RetentionRule>,
    pub(super) weekly: Option<RetentionRule>,
    pub(super) monthly: Option<RetentionRule>,
    pub(super) yearly: Option<RetentionRule>,
}

/// `retention`: how long each tier keeps its backups.
///
/// A tier that is not named is not kept, but for its newest good backup. A policy that names no
/// tier is none: it deletes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Policy(BTreeMap<Tier, RetentionRule>);

/// `retention.TIER`: a backup stays if either says so; with neither, for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Backups of that many days stay; the first one is today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub days: Option<u32>,
    /// That many good ones stay, however old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub last: Option<u32>,
}

impl RetentionRule {
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
    pub fn get(&self, tier: Tier) -> Option<RetentionRule> {
        self.0.get(&tier).copied()
    }

    /// Whether it names no tier.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The named tiers, from fine to coarse.
    pub fn iter(&self) -> impl Iterator<Item = (Tier, RetentionRule)> {
        self.0.iter().map(|(tier, rule)| (*tier, *rule))
    }
}

impl FromIterator<(Tier, RetentionRule)> for Policy {
    fn from_iter<I: IntoIterator<Item = (Tier, RetentionRule)>>(tiers: I) -> Self {
        Self(tiers.into_iter().collect())
    }
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Policy {
    let raw: RawRetention = reader.read_or_default("/retention");
    let tiers = [
        (Tier::Daily, raw.daily),
        (Tier::Weekly, raw.weekly),
        (Tier::Monthly, raw.monthly),
        (Tier::Yearly, raw.yearly),
    ];
    tiers
        .into_iter()
        .filter_map(|(tier, rule)| Some((tier, rule?)))
        .collect()
}
