//! What a lease says. Version 2 names no time at which it ends; `done`, `slot` and `expires_at` are
//! what an older sidecar goes by.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::lease_done::{DoneSlot, LeaseMoment, SlotStanding};
use super::owner_process::OwnerProcess;

/// The version that is written.
const VERSION: u32 = 2;
/// How far ahead a slot may be that was done: the clocks of replicas differ.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);
/// Slots that are remembered as done.
const REMEMBERED: usize = 8;
/// What a lease of version 1 lasted for, and what one lasts for at most: a text that was garbled
/// blocks no store.
const DURATION: u64 = 120;
const LONGEST: u64 = 600;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeaseRecord {
    #[serde(default = "first")]
    v: u32,
    /// Grows by one with each owner, never at a renewal.
    #[serde(default, rename = "gen")]
    pub(super) generation: u64,
    pub(super) owner: String,
    /// None in version 1.
    #[serde(default)]
    state: Option<LeaseState>,
    /// What it is held for: a time of the schedule.
    pub(super) slot: String,
    /// Seconds without a renewal after which its owner is dead.
    #[serde(default = "default_duration", rename = "lasting_s")]
    duration_s: u64,
    /// How often it was written by this owner: what others see change.
    #[serde(default)]
    renewed: u64,
    done: bool,
    /// Slots that are done, oldest entry first.
    #[serde(default)]
    done_slots: Vec<String>,
    /// When they were done, as far as that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done_at: Vec<DoneSlot>,
    /// What its owner is working on: where it may leave something half done if it dies.
    #[serde(default)]
    pub(super) keys: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) process: Option<OwnerProcess>,
    /// The highest number that a backup in the store was given: manifests that cannot be read do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<u64>,
    expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LeaseState {
    Held,
    Free,
}

impl LeaseRecord {
    /// The record of the owner after `before`.
    pub(crate) fn next(
        before: Option<Self>,
        owner: &str,
        slot: &str,
        duration: Duration,
        now: Timestamp,
    ) -> Self {
        let done_slots = before.as_ref().map(Self::done_slots).unwrap_or_default();
        let done_at = before.as_ref().map(|it| it.done_at.clone());
        let seq = before.as_ref().and_then(|it| it.seq);
        let (generation, keys) = before.map_or((0, Vec::new()), |it| (it.generation, it.keys));
        Self {
            v: VERSION,
            generation: generation.saturating_add(1),
            owner: owner.to_owned(),
            state: Some(LeaseState::Held),
            slot: slot.to_owned(),
            duration_s: duration.as_secs(),
            renewed: 0,
            done: false,
            done_slots,
            done_at: done_at.unwrap_or_default(),
            keys,
            process: OwnerProcess::this(),
            seq,
            expires_at: now + duration,
        }
    }

    /// The same, written again.
    pub(crate) fn renewed(&self, keys: Vec<String>, now: Timestamp) -> Self {
        Self {
            renewed: self.renewed.saturating_add(1),
            keys,
            process: OwnerProcess::this(),
            expires_at: now + self.duration(),
            ..self.clone()
        }
    }

    /// The same, given back.
    pub(crate) fn released(&self, done: bool, keys: Vec<String>, at: LeaseMoment) -> Self {
        let mut released = Self {
            state: Some(LeaseState::Free),
            renewed: self.renewed.saturating_add(1),
            done,
            keys,
            // Under any clock in the past.
            expires_at: Timestamp::UNIX_EPOCH,
            ..self.clone()
        };
        released.done_slots = released.done_slots();
        if done {
            let slot = released.slot.clone();
            released.done_at.retain(|known| known.slot != slot);
            released.done_at.push(DoneSlot { slot, at });
        }
        let remembered = &released.done_slots;
        released
            .done_at
            .retain(|known| remembered.contains(&known.slot));
        released
    }

    /// How long it lasts without a renewal.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs(self.duration_s.clamp(1, LONGEST))
    }

    /// Whether both were written under one acquisition.
    pub(super) fn is_of_same_owner(&self, other: &Self) -> bool {
        (&self.owner, self.generation) == (&other.owner, other.generation)
    }

    /// Whether its owner gave it back.
    pub(super) fn is_free(&self) -> bool {
        match self.state {
            Some(state) => state == LeaseState::Free,
            None => self.done,
        }
    }

    /// Whether it is of version 1 and says that it has ended. That was also the way to give it back,
    /// but a clock that is ahead sees the same in one that is held.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.state.is_none() && self.expires_at <= now
    }

    /// Whether the backup of a slot is made, or that of a later one, which no clock has to be wrong for. The
    /// same name means the same run for one `period`.
    pub(crate) fn standing(
        &self,
        slot: &str,
        now: Timestamp,
        here: &LeaseMoment,
        period: Duration,
    ) -> SlotStanding {
        let latest = now + TOLERANCE;
        let mut standing = SlotStanding::Open;
        for done in self.done_slots() {
            let later = done.as_str() > slot;
            let is_meant =
                done == slot || later && done.parse().is_ok_and(|time: Timestamp| time <= latest);
            if !is_meant {
                continue;
            }
            let known = self.done_at.iter().rev().find(|known| known.slot == done);
            match known.and_then(|known| here.since(&known.at)) {
                Some(since) if since < period => return SlotStanding::Done,
                Some(_) => {}
                None if self.done && self.slot == done => standing = SlotStanding::LastDone,
                None => {}
            }
        }
        standing
    }

    fn done_slots(&self) -> Vec<String> {
        let mut slots = self.done_slots.clone();
        if self.done {
            // Done again, it is the youngest.
            slots.retain(|known| *known != self.slot);
            slots.push(self.slot.clone());
        }
        let dropped = slots.len().saturating_sub(REMEMBERED);
        slots.split_off(dropped)
    }
}

fn first() -> u32 {
    1
}

fn default_duration() -> u64 {
    DURATION
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const DURATION: Duration = Duration::from_secs(120);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const DAY: Duration = Duration::from_secs(86_400);

    fn moment(hour: u64) -> LeaseMoment {
        LeaseMoment {
            boot: Some("this".to_owned()),
            up: hour * 3600,
            store: None,
        }
    }

    fn is_done(record: &LeaseRecord, slot: &str, now: Timestamp) -> bool {
        record.standing(slot, now, &moment(1), DAY) == SlotStanding::Done
    }

    fn done(slot: &str) -> LeaseRecord {
        LeaseRecord::next(None, "a", slot, DURATION, at("2026-06-01T03:00:00Z")).released(
            true,
            Vec::new(),
            moment(0),
        )
    }

    #[test]
    fn a_slot_of_a_wrong_clock_is_done_and_no_other_one() {
        let wrong = done("20990601T030000Z");
        let now = at("2026-06-02T03:00:00Z");
        assert!(is_done(&wrong, "20990601T030000Z", now));
        assert!(!is_done(&wrong, "20260602T030000Z", now));
        // It is remembered beside the right ones.
        let next = LeaseRecord::next(Some(wrong), "b", "20260602T030000Z", DURATION, now);
        let next = next.released(true, Vec::new(), moment(0));
        assert!(is_done(&next, "20260602T030000Z", now));
        assert!(is_done(&next, "20990601T030000Z", now));
        assert!(!is_done(&next, "20260603T030000Z", now));
    }

    #[test]
    fn a_later_slot_makes_up_for_those_before_it() {
        let record = done("20260602T030000Z");
        assert!(is_done(
            &record,
            "20260601T030000Z",
            at("2026-06-02T02:50:00Z")
        ));
        assert!(!is_done(
            &record,
            "20260601T030000Z",
            at("2026-06-02T02:40:00Z")
        ));
        assert!(!is_done(
            &record,
            "20260603T030000Z",
            at("2026-06-04T00:00:00Z")
        ));
    }

    /// The clock was ahead when it was made, and is right again: that night has still to come.
    #[test]
    fn the_same_name_after_a_period_is_another_run() {
        let record = done("20260602T030000Z");
        let now = at("2026-06-02T03:00:00Z");
        let standing = |here: LeaseMoment| record.standing("20260602T030000Z", now, &here, DAY);
        assert_eq!(standing(moment(23)), SlotStanding::Done);
        assert_eq!(standing(moment(24)), SlotStanding::Open);
        let elsewhere = LeaseMoment {
            boot: Some("other".to_owned()),
            ..moment(1)
        };
        assert_eq!(standing(elsewhere), SlotStanding::LastDone);
    }

    #[test]
    fn another_machine_goes_by_the_clock_of_the_store() {
        let here = |boot: &str, time: &str| LeaseMoment {
            boot: Some(boot.to_owned()),
            up: 0,
            store: Some(at(time)),
        };
        let slot = "20260602T030000Z";
        let held = LeaseRecord::next(None, "a", slot, DURATION, at("2026-06-01T03:00:00Z"));
        let record = held.released(true, Vec::new(), here("one", "2026-06-01T03:00:00Z"));
        for (time, expected) in [
            ("2026-06-02T02:00:00Z", SlotStanding::Done),
            ("2026-06-02T03:00:00Z", SlotStanding::Open),
            ("2026-05-31T03:00:00Z", SlotStanding::LastDone),
        ] {
            let now = at("2026-06-02T03:00:00Z");
            let found = record.standing(slot, now, &here("two", time), DAY);
            assert_eq!(found, expected, "{time}");
        }
    }

    #[test]
    fn a_failure_does_not_forget_what_was_done_before() {
        let now = at("2026-06-02T03:00:00Z");
        let failed = LeaseRecord::next(
            Some(done("20260601T030000Z")),
            "b",
            "20260602T030000Z",
            DURATION,
            now,
        );
        let failed = failed.released(false, Vec::new(), moment(0));
        assert!(failed.is_free());
        assert!(is_done(&failed, "20260601T030000Z", now));
        assert!(!is_done(&failed, "20260602T030000Z", now));
    }

    /// What an older sidecar does: it may ask when `done` is set, or `expires_at` has passed.
    #[test]
    fn an_older_sidecar_understands_what_is_written() {
        let now = at("2026-06-01T03:00:00Z");
        let held = LeaseRecord::next(None, "a", "20260601T030000Z", DURATION, now);
        let seen = serde_json::to_value(&held).unwrap();
        assert_eq!(seen["done"], Value::Bool(false));
        assert_eq!(seen["expires_at"], json!("2026-06-01T03:02:00Z"));
        let free = serde_json::to_value(held.released(true, vec!["daily/x".to_owned()], moment(0)))
            .unwrap();
        assert_eq!(free["done"], Value::Bool(true));
        assert_eq!(free["slot"], json!("20260601T030000Z"));
        assert_eq!(free["expires_at"], json!("1970-01-01T00:00:00Z"));
        assert_eq!(free["keys"], json!(["daily/x"]));
    }

    #[test]
    fn what_an_older_sidecar_wrote_is_understood() {
        let text = r#"{"owner":"a","slot":"20260601T030000Z","expires_at":"2026-06-01T03:02:00Z","done":false,"keys":["daily/x"]}"#;
        let held: LeaseRecord = serde_json::from_str(text).unwrap();
        assert!(!held.is_free());
        assert!(!held.has_expired(at("2026-06-01T03:01:59Z")));
        assert!(held.has_expired(at("2026-06-01T03:02:00Z")));
        assert_eq!((held.duration(), held.keys.len()), (DURATION, 1));
        let done: LeaseRecord = serde_json::from_str(&text.replace("false", "true")).unwrap();
        assert!(done.is_free());
        // It does not say when: that is when the lease was last written.
        let standing = done.standing(
            "20260601T030000Z",
            at("2026-06-01T04:00:00Z"),
            &moment(0),
            DAY,
        );
        assert_eq!(standing, SlotStanding::LastDone);
    }

    #[test]
    fn a_garbled_length_blocks_no_store() {
        let text = r#"{"v":2,"owner":"a","slot":"x","state":"held","lasting_s":9000000000,"expires_at":"2026-06-01T03:02:00Z","done":false}"#;
        let held: LeaseRecord = serde_json::from_str(text).unwrap();
        assert_eq!(held.duration(), Duration::from_secs(600));
    }
}

#[cfg(test)]
#[path = "tests/lease_records.rs"]
mod properties;
