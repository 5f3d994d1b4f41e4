//! The tiers of `retention`: folders of a store.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A folder of a store, and the grain of what lies in it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
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
