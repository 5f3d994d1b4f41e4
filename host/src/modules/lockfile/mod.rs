//! `modules.lock`: what the operator has accepted of each module. Without the file, whatever the
//! configuration names is accepted.

mod compare;
mod difference;
mod entry;
mod file;

pub use compare::{
    LockChange, LockReport, ModuleNeeds, compare_with_lock, lock_file, require_accepted,
    require_restore_accepted,
};
