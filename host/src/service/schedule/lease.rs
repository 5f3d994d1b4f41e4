//! The replica lease: which of several replicas makes the backup of a slot, or the drill.
//!
//! Each store lends a lease for it, and the replica that has that of every store that answers makes the
//! backup. A store that cannot be asked has no say: two backups are better than none.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::schedule::Slot;
use crate::service::context::Context;
use crate::service::owner::owner;
use crate::store::{Acquired, LeaseWatch, RenewedLease, RetryPolicy, Store, lease_duration};

/// What one of several replicas does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SharedTask {
    Backup,
    /// Its scratch target is one for all.
    Drill,
}

impl SharedTask {
    /// The lease's name. Two sidecars that share a prefix by mistake make a backup each.
    fn lease_name(self, store: &Store) -> String {
        let name = match self {
            Self::Backup => "schedule",
            Self::Drill => "drill",
        };
        match store.ownership().id() {
            Some(owner) => format!("{name}-{}", owner.short()),
            None => name.to_owned(),
        }
    }

    /// For messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Drill => "drill",
        }
    }
}

/// Which replica has a slot.
pub(super) enum SlotLease {
    /// This one, until it is released.
    Acquired(Vec<RenewedLease>),
    /// Another one is making the backup.
    Busy {
        /// Its name.
        owner: String,
        /// When to ask again at the latest: by then it has renewed the lease, or it is dead.
        left: Duration,
        /// What was seen of it so far, for the next time.
        watch: LeaseWatch,
    },
    /// Another one has made the backup.
    Done {
        /// Its name.
        owner: String,
    },
}

/// Acquires a slot for the run `id`. May wait for the network.
pub(super) fn acquire(
    context: &Context,
    task: SharedTask,
    slot: Slot,
    id: &str,
    mut watch: LeaseWatch,
) -> Result<SlotLease> {
    context.runtime()?.block_on(async {
        let mut leases = Vec::new();
        for spec in &context.config().stores {
            let asked = async {
                let store = context
                    .claimant()
                    .open_to_write(spec, RetryPolicy::CHECK)
                    .await?;
                let name = task.lease_name(&store);
                let (slot, owner) = (slot.to_string(), owner(id));
                let asked = store
                    .acquire(&name, &slot, &owner, lease_duration(), &mut watch)
                    .await?;
                Ok::<_, Error>((store, asked))
            };
            let refused = match asked.await {
                Ok((store, Acquired::Held(lease))) => {
                    leases.push(RenewedLease::new(&store, *lease));
                    continue;
                }
                Ok((_, Acquired::Busy { owner, left })) => SlotLease::Busy { owner, left, watch },
                Ok((_, Acquired::Done { owner })) => SlotLease::Done { owner },
                Err(error) => {
                    tracing::warn!(
                        store = spec.name,
                        hint = error.hint_text(),
                        "cannot ask whether a replica makes this {}: {error}",
                        task.word()
                    );
                    continue;
                }
            };
            release_all(leases, false).await;
            return Ok(refused);
        }
        Ok(SlotLease::Acquired(leases))
    })
}

/// Releases a slot; `done` tells the replicas that its backup is made.
pub(super) fn release(context: &Context, leases: Vec<RenewedLease>, done: bool) -> Result<()> {
    context.runtime()?.block_on(release_all(leases, done));
    Ok(())
}

async fn release_all(leases: Vec<RenewedLease>, done: bool) {
    for lease in leases {
        if let Err(error) = lease.release(done, Vec::new()).await {
            tracing::warn!("replicas have to wait for this slot until its lease ends: {error}");
        }
    }
}
