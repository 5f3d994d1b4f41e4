//! How long backups stay: records + policy + now → keep or delete, and why. Pure: no clock, no store.
//!
//! ```text
//! a new good backup ──► promotions ──► tiers to copy it into
//! all records ────────► decide ──────► for each: keep or delete, with the reason
//! a policy ───────────► count ───────► how many files that will be
//! ```
//!
//! Every backup is written to [`Tier::Daily`]; the coarser tiers hold copies of it: one for each
//! ISO week, month or year (in UTC, as the times in the keys are), the first good one. What a tier
//! holds decides, and not the date: after a first of the month without a backup, the next good one
//! becomes that month's.
//!
//! What never happens:
//! - the newest good backup of a tier is deleted, or any of a tier that has no good one;
//! - something is deleted while any record is newer than now: then one of the clocks is wrong;
//! - something without a manifest of ours is deleted: no [`Record`] exists of it.

mod age;
mod count;
mod decide;
mod promote;
mod reason;
mod record;

pub use count::{Count, count};
pub use decide::{Decision, decide};
pub use promote::{first_of_period, promotions};
pub use reason::{Delete, Retain, Verdict};
pub use record::Record;

pub use crate::config::{Keep, Policy, Tier};

#[cfg(test)]
mod tests;
