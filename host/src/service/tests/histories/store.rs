//! A store that is only made up, and what may go of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::artifact::manifest::Manifest;
use crate::config::{Policy, Tier};
use crate::retention::RetentionRecord;
use crate::store::{LeaseMoment, LeaseRecord, OwnerRecord, SlotStanding};

/// A backup, and when it was really made.
#[derive(Debug, Clone)]
pub(super) struct SimulatedBackup {
    pub(super) record: RetentionRecord,
    pub(super) made: Timestamp,
    /// What the clock of the store has shown then.
    pub(super) stored: Timestamp,
    /// The owner in truth, whatever the manifest says.
    pub(super) owner: usize,
    pub(super) manifest: Manifest,
}

#[derive(Debug, Default)]
pub(super) struct SimulatedPrefix {
    pub(super) backups: Vec<SimulatedBackup>,
    pub(super) owner: Option<OwnerRecord>,
    /// Of the schedules, by name, with the store's time when each was written.
    pub(super) leases: BTreeMap<String, (LeaseRecord, Timestamp)>,
    /// It makes no copies before this hour.
    pub(super) refuses_copies: u32,
}

/// The manifest of a backup, as far as it tells whose it is.
pub(super) fn manifest(id: &str, filename: &str, tier: Tier, taken_at: Timestamp) -> Manifest {
    let digest = "a".repeat(64);
    let value = serde_json::json!({
        "manifest_version": 1, "id": id, "tier": tier,
        "started_at": taken_at, "finished_at": taken_at,
        "strategy": {"name": "custom", "sha256": digest}, "sidecar": "0.1.0",
        "artifact": {
            "filename": filename, "format": "binary", "content_type": "x/y", "size": 1,
            "sha256": digest, "raw_size": 1, "raw_sha256": digest, "compression": "none",
        },
    });
    serde_json::from_value(value).unwrap()
}

impl SimulatedPrefix {
    /// Whether a replica has made the backup of a slot, as `Store::acquire` judges it.
    pub(super) fn is_done(
        &self,
        lease: &str,
        slot: &str,
        seen: Timestamp,
        here: &LeaseMoment,
        period: Duration,
        file_clock: Timestamp,
    ) -> bool {
        let Some((record, written)) = self.leases.get(lease) else {
            return false;
        };
        match record.standing(slot, seen, here, period) {
            SlotStanding::Open => false,
            SlotStanding::Done => true,
            SlotStanding::LastDone => {
                let age = Duration::try_from(file_clock.duration_since(*written));
                age.is_ok_and(|age| age < period)
            }
        }
    }

    /// Fails if what a sidecar of `owner` deletes is lost: it goes only if it is its own, if two good ones
    /// came after it, not before its days are over, and not before the copy of it is made that is due
    /// by a right clock.
    pub(super) fn may_go(
        &self,
        backup: &SimulatedBackup,
        owner: usize,
        policy: &Policy,
        now: Timestamp,
        has_right_clocks: bool,
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(backup.owner, owner, "another sidecar's: {:?}", backup);
        let record = &backup.record;
        if !record.good {
            return Ok(());
        }
        let of_tier = |tier: Tier| {
            let own = self
                .backups
                .iter()
                .filter(move |other| other.owner == owner);
            own.filter(move |other| other.record.tier == tier && other.record.good)
        };
        let newer = of_tier(record.tier).filter(|other| other.record.seq > record.seq);
        prop_assert!(newer.count() >= 2, "one of the last two: {backup:?}");
        let age = now.duration_since(backup.made).as_hours();
        let rule = policy.get(record.tier);
        let days = rule.and_then(|rule| rule.days).map_or(0, i64::from);
        if record.tier == Tier::Daily {
            let early = days * 24 - age;
            prop_assert!(early <= 48, "{early} hours too early: {backup:?}");
            if has_right_clocks {
                self.is_copied(backup, policy, age)?;
            }
        }
        Ok(())
    }

    /// The first of a month does not go before the month has its copy, as long as that would be there.
    fn is_copied(
        &self,
        backup: &SimulatedBackup,
        policy: &Policy,
        age: i64,
    ) -> Result<(), TestCaseError> {
        let Some(days) = policy.get(Tier::Monthly).and_then(|rule| rule.days) else {
            return Ok(());
        };
        let month = |at: Timestamp| at.strftime("%Y-%m").to_string();
        let of_month = |other: &&SimulatedBackup| {
            other.owner == backup.owner
                && other.record.good
                && month(other.record.taken_at) == month(backup.made)
        };
        let copies = self.backups.iter().filter(of_month);
        let has_copy = copies
            .clone()
            .any(|other| other.record.tier == Tier::Monthly);
        let is_first = !copies
            .filter(|other| other.record.tier == Tier::Daily)
            .any(|other| other.record.taken_at < backup.record.taken_at);
        let is_wanted = age < (i64::from(days) - 33) * 24;
        prop_assert!(
            has_copy || !is_first || !is_wanted,
            "no monthly copy was made of it: {:?}",
            backup
        );
        Ok(())
    }
}
