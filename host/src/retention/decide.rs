//! Keep or delete.

use std::cmp::Reverse;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::age;
use super::reason::{Delete, Retain, Verdict};
use super::record::{Record, utc_date};
use crate::config::{Keep, Policy, Tier};

/// What becomes of one backup. Displayed as "monthly: older than 365 days"; in JSON the record's
/// fields, `keep` and `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The backup.
    pub record: &'a Record,
    /// Whether it stays, and why.
    pub verdict: Verdict,
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.record.tier, self.verdict)
    }
}

impl Serialize for Decision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            #[serde(flatten)]
            record: &'a Record,
            keep: bool,
            reason: String,
        }
        let shown = Shown {
            record: self.record,
            keep: self.verdict.keeps(),
            reason: self.to_string(),
        };
        shown.serialize(serializer)
    }
}

/// Decides on every record of one store, in the order given.
///
/// `records` must be all that the store holds: the newest good one of a tier is known by them.
pub fn decide<'a>(records: &'a [Record], policy: &Policy, now: Timestamp) -> Vec<Decision<'a>> {
    let mut decisions: Vec<_> = records
        .iter()
        .map(|record| Decision {
            record,
            verdict: Verdict::Keep(Retain::NoPolicy),
        })
        .collect();
    let newest = records.iter().map(|record| record.taken_at).max();
    if policy.is_empty() {
        return decisions;
    }
    if let Some(newest) = newest.filter(|newest| *newest > now) {
        for decision in &mut decisions {
            decision.verdict = Verdict::Keep(if decision.record.taken_at > now {
                Retain::FromTheFuture
            } else {
                Retain::ClockJumped { newest }
            });
        }
        return decisions;
    }
    for tier in Tier::ALL {
        let tier_of = |decision: &&mut Decision<'_>| decision.record.tier == tier;
        decide_tier(
            decisions.iter_mut().filter(tier_of).collect(),
            policy.get(tier),
            utc_date(now),
        );
    }
    decisions
}

/// Decides on all records of one tier.
fn decide_tier(mut decisions: Vec<&mut Decision<'_>>, keep: Option<Keep>, today: Date) {
    decisions.sort_by_key(|decision| Reverse((decision.record.taken_at, &decision.record.key)));
    let any_good = decisions.iter().any(|decision| decision.record.good);
    let mut newer_good = 0;
    for decision in decisions {
        let record = decision.record;
        decision.verdict = match by_policy(record, keep, newer_good, today) {
            Verdict::Delete(_) if record.good && newer_good == 0 => {
                Verdict::Keep(Retain::NewestGood)
            }
            Verdict::Delete(_) if !any_good => Verdict::Keep(Retain::NoneIsGood),
            verdict => verdict,
        };
        newer_good += u32::from(record.good);
    }
}

/// What the policy alone says: a damaged backup goes when a good one of its age would.
fn by_policy(record: &Record, keep: Option<Keep>, newer_good: u32, today: Date) -> Verdict {
    let Some(Keep { days, last }) = keep else {
        return Verdict::Delete(Delete::TierNotKept);
    };
    let taken = utc_date(record.taken_at);
    let within = days.filter(|days| age::is_within(record.tier, taken, *days, today));
    let among = last.filter(|last| newer_good < *last);
    match (days, last) {
        (None, None) => Verdict::Keep(Retain::ForEver),
        _ if let Some(days) = within => Verdict::Keep(Retain::Within { days }),
        _ if let Some(last) = among => Verdict::Keep(Retain::Among { last }),
        (Some(days), None) => Verdict::Delete(Delete::Older { days }),
        (None, Some(last)) => Verdict::Delete(Delete::Beyond { last }),
        (Some(days), Some(last)) => Verdict::Delete(Delete::OlderAndBeyond { days, last }),
    }
}
