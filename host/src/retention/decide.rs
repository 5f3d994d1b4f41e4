//! Keep or delete.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::age;
use super::arrival::Arrivals;
use super::floor::{self, Pace};
use super::promote;
use super::reason::{Delete, Retain, Verdict};
use super::record::{RetentionRecord, utc_date};
use crate::config::{Policy, RetentionRule, Tier};

/// What becomes of one backup. Displayed as "monthly: older than 365 days"; in JSON the record's
/// fields, `keep` and `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The backup.
    pub record: &'a RetentionRecord,
    /// Whether it stays, and why.
    pub verdict: Verdict,
}

impl Decision<'_> {
    /// Until which day (UTC) it stays by its age; none if no day ends it, or if it goes.
    pub fn until(&self) -> Option<Date> {
        match self.verdict {
            Verdict::Keep(Retain::Within { days }) => Some(age::end(
                self.record.tier,
                utc_date(self.record.taken_at),
                days,
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.record.tier, self.verdict)
    }
}

impl Serialize for Decision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct ShownDecision<'a> {
            #[serde(flatten)]
            record: &'a RetentionRecord,
            keep: bool,
            reason: String,
        }
        let shown = ShownDecision {
            record: self.record,
            keep: self.verdict.keeps(),
            reason: self.to_string(),
        };
        shown.serialize(serializer)
    }
}

/// Decides on every record of one store, in the order given, where a backup is made once a day.
///
/// `records` must be all that the store holds: the newest good ones of a tier are known by them.
pub fn decide<'a>(
    records: &'a [RetentionRecord],
    policy: &Policy,
    now: Timestamp,
) -> Vec<Decision<'a>> {
    decide_at_pace(records, policy, now, Some(Pace::DAILY))
}

/// The same where backups are made at another pace; without one, by the policy and the clock alone.
pub fn decide_at_pace<'a>(
    records: &'a [RetentionRecord],
    policy: &Policy,
    now: Timestamp,
    pace: Option<Pace>,
) -> Vec<Decision<'a>> {
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
    let mut awaited = HashMap::new();
    for (tier, record) in promote::overdue(records, policy, now, pace) {
        awaited.entry(record.key.as_str()).or_insert(tier);
    }
    for tier in Tier::ALL {
        let tier_of = |decision: &&mut Decision<'_>| decision.record.tier == tier;
        let keep = policy.get(tier);
        let held = match (keep, pace) {
            (Some(keep), Some(pace)) => floor::held(tier, keep, pace),
            _ => 1,
        };
        decide_tier(
            decisions.iter_mut().filter(tier_of).collect(),
            keep,
            held,
            utc_date(now),
        );
    }
    for decision in &mut decisions {
        let awaiting = awaited.get(decision.record.key.as_str());
        if let (Some(tier), false) = (awaiting, decision.verdict.keeps()) {
            decision.verdict = Verdict::Keep(Retain::AwaitsCopy { tier: *tier });
        }
    }
    decisions
}

/// Decides on all records of one tier, of which the newest `held` good ones stay.
fn decide_tier<'a>(
    mut decisions: Vec<&mut Decision<'a>>,
    keep: Option<RetentionRule>,
    held: usize,
    today: Date,
) {
    let order = Arrivals::new(decisions.iter().map(|decision| decision.record.arrival()));
    decisions.sort_by_key(|decision| Reverse(order.place(decision.record.arrival())));
    let any_good = decisions.iter().any(|decision| decision.record.good);
    let newest = floor::newest(decisions.iter().map(|decision| decision.record), held);
    let mut newer_good = 0;
    for decision in decisions {
        let record = decision.record;
        decision.verdict = match by_policy(record, keep, newer_good, today) {
            Verdict::Delete(_) if record.good && newer_good == 0 => {
                Verdict::Keep(Retain::NewestGood)
            }
            Verdict::Delete(_) if newest.contains(record.key.as_str()) => {
                Verdict::Keep(Retain::Floor { held })
            }
            Verdict::Delete(_) if !any_good => Verdict::Keep(Retain::NoneIsGood),
            verdict => verdict,
        };
        newer_good += u32::from(record.good);
    }
}

/// What the policy alone says: a damaged backup goes when a good one of its age would.
fn by_policy(
    record: &RetentionRecord,
    keep: Option<RetentionRule>,
    newer_good: u32,
    today: Date,
) -> Verdict {
    let Some(RetentionRule { days, last }) = keep else {
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
