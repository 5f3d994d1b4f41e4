//! Replaces a database by one that was built beside it: one `RENAME TABLE` moves all tables, and until then
//! nothing has happened. Views and code are kept as text meanwhile, in a database of the swap's own, so that
//! the next restore can finish what a killed one has begun.

mod build;
mod discard;
mod exchange;
mod finish;
mod foreign_keys;
mod holders;
mod leftovers;
mod marked;
mod names;
mod objects;
mod private;
mod space;
mod state;

pub(super) use build::build;
pub(super) use discard::discard_or_leave;
pub(super) use exchange::exchange;
pub(super) use finish::{events, routines, tidy_up, views};
pub(super) use foreign_keys::refuse_foreign_keys;
pub(super) use leftovers::{Unfinished, finish_leftovers, unfinished};
pub(super) use names::{OBJECTS, SwapNames};
pub(super) use objects::{run_object, store_objects, stored_objects};
pub(super) use private::require_private;
pub(super) use space::require_space;
pub(super) use state::create_objects;
