//! When runs are due: cron lines in a time zone → slots. Pure: no clock, no waiting.
//!
//! ```text
//! cron + zone ──► Slot (nominal time) ──► Start (slot + jitter)
//! past + now  ──► the slot that was missed, if it is to be made up for
//! two clocks  ──► SlotWatch: what is due now, whatever the clock was set to
//! ```
//!
//! Time zones change their clocks. A schedule that names hours ("0 3 * * *") runs once for each
//! time that it names: at the first of two 2:30s, and right after the change if there is no 2:30.
//! A schedule for every hour ("*/15 * * * *") follows real time instead: it runs in both of two
//! equal hours, and has nothing to do in one that does not exist.

mod cron;
mod slot;
mod timetable;
mod watch;

pub use cron::Schedule;
pub use slot::Slot;
pub use timetable::{Past, Start, Timetable};
pub use watch::{Moment, NextStep, SlotWatch};

#[cfg(test)]
mod tests;
