#![allow(clippy::unwrap_used, reason = "tests")]

mod decisions;
mod floor;
mod properties;
mod seed;

use jiff::Timestamp;

use super::*;

/// "2023-12-01" at three in the morning, UTC.
fn at(day: &str) -> Timestamp {
    count::three_in_the_morning(day.parse().unwrap())
}

fn record(tier: Tier, day: &str) -> RetentionRecord {
    RetentionRecord {
        key: format!("{tier}/backup_{day}.dump"),
        tier,
        id: day.to_owned(),
        taken_at: at(day),
        good: true,
        seq: None,
        spaced: true,
    }
}

fn damaged(tier: Tier, day: &str) -> RetentionRecord {
    RetentionRecord {
        good: false,
        ..record(tier, day)
    }
}

/// The policy as the operator writes it, in JSON.
fn policy(json: &str) -> Policy {
    serde_json::from_str(json).unwrap()
}
