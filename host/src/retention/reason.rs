//! Why a backup stays or goes, in words for the operator.

use std::fmt;

use jiff::Timestamp;

use crate::config::Tier;

/// Keep or delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep(Retain),
    /// It goes.
    Delete(Delete),
}

/// Why it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retain {
    /// The configuration has no retention.
    NoPolicy,
    /// It was taken after now.
    FromTheFuture,
    /// Another one, the newest of all, was taken after now.
    ClockJumped {
        /// When that was.
        newest: Timestamp,
    },
    /// Its tier has neither `days` nor `last`.
    ForEver,
    /// By age.
    Within {
        /// `days` of the tier.
        days: u32,
    },
    /// By number.
    Among {
        /// `last` of the tier.
        last: u32,
    },
    /// Nothing but this rule keeps it.
    NewestGood,
    /// Damaged as it is, its tier has nothing better.
    NoneIsGood,
    /// It is old, but its tier would hold fewer than the policy does in the long run.
    Floor {
        /// How many those are.
        held: usize,
    },
    /// A coarser tier has yet to get its copy.
    AwaitsCopy {
        /// Which.
        tier: Tier,
    },
    /// A set that is kept names it.
    MemberOfSet,
    /// It could not be told how old it is.
    Doubt(&'static str),
    /// It goes with one of the next runs.
    Brake,
}

/// Why it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delete {
    /// Its tier is not named in the policy.
    TierNotKept,
    /// By age.
    Older {
        /// `days` of the tier.
        days: u32,
    },
    /// By number.
    Beyond {
        /// `last` of the tier.
        last: u32,
    },
    /// By both.
    OlderAndBeyond {
        /// `days` of the tier.
        days: u32,
        /// `last` of the tier.
        last: u32,
    },
}

impl Verdict {
    /// Whether it stays.
    pub fn keeps(self) -> bool {
        matches!(self, Self::Keep(_))
    }

    /// Why, in one stable word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Keep(reason) => reason.code(),
            Self::Delete(reason) => reason.code(),
        }
    }

    /// The values of the reason, by name.
    pub fn args(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Keep(reason) => reason.args(),
            Self::Delete(reason) => reason.args(),
        }
    }
}

impl Retain {
    fn code(self) -> &'static str {
        match self {
            Self::NoPolicy => "no-policy",
            Self::FromTheFuture => "from-the-future",
            Self::ClockJumped { .. } => "clock-jumped",
            Self::ForEver => "for-ever",
            Self::Within { .. } => "within",
            Self::Among { .. } => "among",
            Self::NewestGood => "newest-good",
            Self::NoneIsGood => "none-is-good",
            Self::Floor { .. } => "floor",
            Self::AwaitsCopy { .. } => "awaits-copy",
            Self::MemberOfSet => "member-of-set",
            Self::Doubt(_) => "clock-in-doubt",
            Self::Brake => "brake",
        }
    }

    fn args(self) -> Vec<(&'static str, String)> {
        match self {
            Self::ClockJumped { newest } => vec![("newest", newest.to_string())],
            Self::Within { days } => vec![("days", days.to_string())],
            Self::Among { last } => vec![("last", last.to_string())],
            Self::Floor { held } => vec![("held", held.to_string())],
            Self::AwaitsCopy { tier } => vec![("tier", tier.to_string())],
            Self::Doubt(why) => vec![("why", why.to_owned())],
            Self::NoPolicy
            | Self::FromTheFuture
            | Self::ForEver
            | Self::NewestGood
            | Self::NoneIsGood
            | Self::MemberOfSet
            | Self::Brake => Vec::new(),
        }
    }
}

impl Delete {
    fn code(self) -> &'static str {
        match self {
            Self::TierNotKept => "tier-not-kept",
            Self::Older { .. } => "older",
            Self::Beyond { .. } => "beyond",
            Self::OlderAndBeyond { .. } => "older-and-beyond",
        }
    }

    fn args(self) -> Vec<(&'static str, String)> {
        let (days, last) = match self {
            Self::TierNotKept => (None, None),
            Self::Older { days } => (Some(days), None),
            Self::Beyond { last } => (None, Some(last)),
            Self::OlderAndBeyond { days, last } => (Some(days), Some(last)),
        };
        let days = days.map(|days| ("days", days.to_string()));
        days.into_iter()
            .chain(last.map(|last| ("last", last.to_string())))
            .collect()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(reason) => reason.fmt(f),
            Self::Delete(reason) => reason.fmt(f),
        }
    }
}

impl fmt::Display for Retain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy => f.write_str("no retention is configured"),
            Self::FromTheFuture => {
                f.write_str("taken in the future: the clock jumped, nothing is deleted")
            }
            Self::ClockJumped { newest } => write!(
                f,
                "the newest backup is from the future ({newest:.0}): the clock jumped, nothing is deleted"
            ),
            Self::ForEver => f.write_str("kept for ever"),
            Self::Within { days } => write!(f, "within {}", Days(*days)),
            Self::Among { last: 1 } => f.write_str("the last one"),
            Self::Among { last } => write!(f, "one of the last {last}"),
            Self::NewestGood => f.write_str("newest good backup"),
            Self::NoneIsGood => f.write_str("damaged, but there is no good one"),
            Self::Floor { held } => write!(
                f,
                "old, but one of the newest {held}, which the retention holds in the long run"
            ),
            Self::AwaitsCopy { tier } => {
                write!(f, "old, but its {tier} copy is not made yet: a later run makes it")
            }
            Self::MemberOfSet => f.write_str("member of a set"),
            Self::Doubt(why) => write!(f, "the clock is not trusted, nothing is deleted: {why}"),
            Self::Brake => f.write_str(
                "too old, but many are: it goes with a later run, or now with `sidecar prune --yes`",
            ),
        }
    }
}

impl fmt::Display for Delete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TierNotKept => f.write_str("the tier is not in the retention"),
            Self::Older { days } => write!(f, "older than {}", Days(*days)),
            Self::Beyond { last } => write!(f, "not one of the last {last}"),
            Self::OlderAndBeyond { days, last } => {
                write!(
                    f,
                    "older than {}, and not one of the last {last}",
                    Days(*days)
                )
            }
        }
    }
}

/// "1 day", "30 days".
struct Days(u32);

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} day{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
