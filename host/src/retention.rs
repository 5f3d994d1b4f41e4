//! How long backups stay: records + policy + now → keep or delete, and why. Pure: no clock, no store.
//!
//! ```text
//! a new good backup ──► promotions ──► tiers to copy it into
//! all records ────────► overdue ─────► copies that earlier runs could not make
//! all records ────────► decide ──────► for each: keep or delete, with the reason
//! decisions ──────────► doubt, brake ► fewer deletions: no trust in the clock, or too many at once
//! decisions ──────────► retain named ► one copy of what a set names stays
//! a policy ───────────► count ───────► how many files that will be
//! ```
//!
//! Every backup is written to [`Tier::Daily`]; the coarser tiers hold copies of it: one for each
//! ISO week, month or year (in UTC, as the times in the keys are), the first good one. What a tier
//! holds decides, and not the date: after a first of the month without a backup, the next good one
//! becomes that month's.
//!
//! What never happens, whatever the clock shows:
//! - the newest good backup of a tier is deleted, or any of a tier that has no good one;
//! - of the newest good ones of a tier, by arrival, as many as the policy holds in the long run ([`floor`]);
//! - the first good backup of a period is deleted while a coarser tier wants a copy of it, and has none;
//! - something is deleted while any record is newer than now: then one of the clocks is wrong;
//! - more is deleted in one run than it added, and [`ALLOWANCE`] more, unless the operator says so;
//! - something that no sidecar has described in a manifest is deleted: no [`RetentionRecord`] exists of it.

mod age;
mod arrival;
mod brake;
mod count;
mod decide;
mod floor;
mod named;
mod promote;
mod reason;
mod record;

pub use arrival::{Arrival, ArrivalPlace, Arrivals, LARGEST_GAP};
pub use brake::{ALLOWANCE, brake, doubt};
pub use count::{Count, count};
pub use decide::{Decision, decide, decide_at_pace};
pub use floor::Pace;
pub use named::retain_named;
pub use promote::{copies, overdue, promotions};
pub use reason::{Delete, Retain, Verdict};
pub use record::RetentionRecord;

pub use crate::config::{Policy, RetentionRule, Tier};

#[cfg(test)]
mod tests;
