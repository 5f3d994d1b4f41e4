//! `ui/restore/ID`: a backup comes back in three steps, and nothing is touched before the last one.
//!
//! ```text
//! what ──► where ──► read and confirm ──► the run
//!          choice     preview: its digest comes back with the order
//! ```
//!
//! Each step is an address that holds the choices before it. An order without the digest of the preview
//! that was read, or with that of another one, shows the preview instead.

mod choice;
mod read;
mod target_rows;
mod to_where;
mod what;

pub(super) use read::{confirm, read};
pub(super) use to_where::to_where;
pub(super) use what::what;
