//! What cannot be replaced, or not without a loss that `--replace` does not cover: found before anything
//! is made.

use sidecar_sdk::{Failure, Result, choices};

use super::live::LiveDatabase;

/// Fails if something of the database would be lost with it, or keeps it from being swapped.
pub(super) fn check(name: &str, live: &LiveDatabase) -> Result<()> {
    if !live.prepared.is_empty() {
        return Err(refuse(
            name,
            "has prepared transactions, which would be lost with it",
            &live.prepared,
            "end them: COMMIT PREPARED or ROLLBACK PREPARED, in that database",
        ));
    }
    if !live.subscriptions.is_empty() {
        return Err(refuse(
            name,
            "has subscriptions, which cannot move to another database",
            &live.subscriptions,
            "drop them before (ALTER SUBSCRIPTION … DISABLE, SET (slot_name = NONE), DROP SUBSCRIPTION), \
             and create them again afterwards",
        ));
    }
    if !live.slots.is_empty() && !choices::accepted("drop-slots") {
        return Err(refuse(
            name,
            "has logical replication slots, whose consumers would lose their place",
            &live.slots,
            "--accept drop-slots drops them with it; their consumers have to begin anew",
        ));
    }
    Ok(())
}

fn refuse(name: &str, why: &str, which: &[String], hint: &str) -> Failure {
    let message = format!("{name} {why}: {}", which.join(", "));
    Failure::new("cannot-replace", message).hint(hint)
}
