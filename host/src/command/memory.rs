//! What other processes of the same user see of this one.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Hides the environment and the memory of this process, which hold secrets, from all processes of its user, its own
/// commands among them, and from core dumps. What it starts is as visible as ever. The first thing in `main`.
pub fn hide_memory() {
    // Every Linux has it, and it takes no rights.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
