//! Runs that start by themselves.
//!
//! One at a time: a slot that finds another run in progress waits for its end, then runs once. Slots
//! that pass meanwhile are skipped, because runs do not queue up. Replicas with the same stores make
//! one backup a slot: see `lease`.

mod backups;
mod clock;
mod drill;
mod drills;
mod due;
mod lease;
mod past;
mod scratch;
mod shared_slot;
mod start;
mod timetables;

pub(super) use backups::run_backups;
pub use clock::{Clock, SystemClock};
pub(super) use drill::{drill, require_drill, run_asked_drill, run_drill};
pub(super) use drills::run_drills;
pub(super) use scratch::scratch_folder;
pub(super) use timetables::{DueTime, Timetables};
