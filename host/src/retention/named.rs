//! What belongs together stays together.

use std::collections::HashSet;

use super::decide::Decision;
use super::reason::{Retain, Verdict};

/// One copy of each backup that a set names stays, whatever its tier says: a good one, if there is one. Its own
/// retention decides on the others.
pub fn retain_named(decisions: &mut [Decision<'_>], is_named: impl Fn(&str) -> bool) {
    let good = decisions.iter().filter(|one| one.record.good);
    let stay = good.filter(|one| one.verdict.keeps());
    let mut held: HashSet<&str> = stay.map(|one| one.record.id.as_str()).collect();
    for good in [true, false] {
        for decision in decisions.iter_mut() {
            let id = decision.record.id.as_str();
            let is_doomed = !decision.verdict.keeps() && decision.record.good == good;
            if is_doomed && is_named(id) && held.insert(id) {
                decision.verdict = Verdict::Keep(Retain::MemberOfSet);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::{Policy, RetentionRecord, RetentionRule, Tier, decide};
    use super::*;

    fn record(id: &str, tier: Tier, day: &str, good: bool) -> RetentionRecord {
        RetentionRecord {
            key: format!("{tier}/{id}"),
            tier,
            id: id.to_owned(),
            taken_at: format!("2026-01-{day}T03:00:00Z").parse().unwrap(),
            good,
            seq: None,
            spaced: true,
        }
    }

    #[test]
    fn one_good_copy_of_what_a_set_names_stays() {
        let records = [
            record("new", Tier::Daily, "31", true),
            record("a", Tier::Daily, "01", true),
            record("b", Tier::Daily, "02", false),
            record("c", Tier::Daily, "03", true),
        ];
        let policy: Policy = [(Tier::Daily, RetentionRule::last(1))]
            .into_iter()
            .collect();
        let now = "2026-01-31T04:00:00Z".parse().unwrap();
        let mut decided = decide(&records, &policy, now);
        retain_named(&mut decided, |id| ["a", "b"].contains(&id));
        let stays = |at: usize| decided[at].verdict == Verdict::Keep(Retain::MemberOfSet);
        assert_eq!(decided[1].to_string(), "daily: member of a set");
        assert!(stays(1) && stays(2) && !stays(3));
    }

    #[test]
    fn a_copy_that_stays_anyway_is_enough() {
        let records = [
            record("new", Tier::Daily, "31", true),
            record("a", Tier::Daily, "01", true),
            record("a", Tier::Monthly, "01", true),
        ];
        let policy: Policy = [(Tier::Daily, RetentionRule::last(1))]
            .into_iter()
            .collect();
        let now = "2026-01-31T04:00:00Z".parse().unwrap();
        let mut decided = decide(&records, &policy, now);
        retain_named(&mut decided, |id| id == "a");
        // The newest of a tier stays by a rule of its own.
        let stays: Vec<bool> = decided.iter().map(|one| one.verdict.keeps()).collect();
        assert_eq!(stays, [true, false, true]);
    }
}
