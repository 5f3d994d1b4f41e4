//! Which of several replicas makes the backup of a slot.
//!
//! Each store of theirs lends a lease for it, and whoever has that of every store that answers makes the
//! backup. A store that cannot be asked has no say: two backups are better than none.

use jiff::Timestamp;

use super::Service;
use super::parcel::owner;
use crate::error::Result;
use crate::schedule::Slot;
use crate::store::{Acquired, LASTING, Patience, Renewed, Store};

/// The lease's name.
const NAME: &str = "schedule";

/// What came of claiming a slot.
pub(super) enum Claim {
    /// It is ours, until it is given back.
    Ours(Vec<Renewed>),
    /// Somebody else is at it.
    Theirs {
        /// Who.
        owner: String,
        /// When to ask again: by then he has renewed it, or he is dead.
        until: Timestamp,
    },
    /// Somebody else has done it.
    Done {
        /// Who.
        owner: String,
    },
}

impl Service {
    /// Claims a slot for the run `id`. May wait for the network.
    pub(super) fn claim(&self, slot: Slot, id: &str) -> Result<Claim> {
        self.runtime()?.block_on(async {
            let mut leases = Vec::new();
            for spec in &self.config().stores {
                let asked = async {
                    let store = Store::open(spec, Patience::CHECK)?;
                    let (slot, owner) = (slot.to_string(), owner(id));
                    let now = || store.now();
                    let asked = store.acquire(NAME, &slot, &owner, LASTING, now).await?;
                    Ok::<_, crate::error::Error>((store, asked))
                };
                let refused = match asked.await {
                    Ok((store, Acquired::Held(lease))) => {
                        leases.push(Renewed::new(&store, lease));
                        continue;
                    }
                    Ok((_, Acquired::Busy { owner, until })) => Claim::Theirs { owner, until },
                    Ok((_, Acquired::Done { owner })) => Claim::Done { owner },
                    Err(error) => {
                        tracing::warn!(
                            store = spec.name,
                            hint = error.hint_text(),
                            "cannot ask whether a replica makes this backup: {error}"
                        );
                        continue;
                    }
                };
                give_back(leases, false).await;
                return Ok(refused);
            }
            Ok(Claim::Ours(leases))
        })
    }

    /// Gives a slot back; `done` says that nobody needs to make its backup any more.
    pub(super) fn unclaim(&self, leases: Vec<Renewed>, done: bool) -> Result<()> {
        self.runtime()?.block_on(give_back(leases, done));
        Ok(())
    }
}

async fn give_back(leases: Vec<Renewed>, done: bool) {
    for lease in leases {
        if let Err(error) = lease.release(done, Vec::new()).await {
            tracing::warn!("replicas have to wait for this slot until its lease ends: {error}");
        }
    }
}
