//! The right to change what lies in the tiers. One sidecar at a time has it, so that what somebody left
//! half done who died can be told from what somebody else is still working on.
//!
//! Whoever has it notes each key before he writes or deletes there. The next one removes what is found
//! at these keys without a manifest: nothing else can be known to be ours.

use std::time::Duration;

use tokio::time::sleep;

use super::renewed::LASTING;
use super::{Acquired, Renewed, Store};
use crate::clock;
use crate::error::{Error, Kind, Result};

/// The lease's name.
const NAME: &str = "uploads";
/// Between two looks at a lease that somebody else has.
const LOOK: Duration = Duration::from_secs(5);

/// The codes of a store that gave no answer at all.
const SILENT: [&str; 3] = ["store-unreachable", "store-timeout", "store-unavailable"];

/// The right to change what lies in the tiers of a store. Dropped, it ends by itself after a while.
#[derive(Debug)]
pub struct Hold {
    /// None where the store cannot lend it.
    lease: Option<Renewed>,
    noted: Vec<String>,
}

impl Store {
    /// Waits until nobody else holds this store. `owner` must be unique.
    ///
    /// A store that answers, but cannot say who holds it, is used all the same: two sidecars at once
    /// do less harm than no backup. Nothing is cleaned up then.
    pub async fn hold(&self, owner: &str) -> Result<Hold> {
        let mut waits = false;
        loop {
            match self.try_hold(owner).await {
                Err(busy) if busy.kind() == Kind::Busy => {
                    if !std::mem::replace(&mut waits, true) {
                        tracing::info!("waiting: {busy}");
                    }
                    sleep(clock::nap(LOOK)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// The same without waiting: somebody else who holds it is an error of the kind [`Kind::Busy`].
    pub async fn try_hold(&self, owner: &str) -> Result<Hold> {
        let asked = self
            .acquire(NAME, owner, owner, LASTING, || self.now())
            .await;
        let lease = match asked {
            Ok(Acquired::Held(lease)) => Some(Renewed::new(self, lease)),
            Ok(Acquired::Busy { owner, until }) => return Err(self.busy(&owner, until)),
            Ok(Acquired::Done { .. }) => None,
            Err(error) if SILENT.contains(&error.code()) => return Err(error),
            Err(error) => {
                let (store, hint) = (self.name(), error.hint_text());
                tracing::warn!(store, hint, "sidecars cannot take turns here: {error}");
                None
            }
        };
        let mut noted = Vec::new();
        if let Some(lease) = &lease {
            noted = lease.keys().await;
            match self.recover(&noted).await {
                Ok(()) => noted.clear(),
                Err(error) => {
                    tracing::warn!(
                        hint = error.hint_text(),
                        "the next run tries again: {error}"
                    );
                }
            }
        }
        Ok(Hold { lease, noted })
    }

    fn busy(&self, owner: &str, until: jiff::Timestamp) -> Error {
        let name = self.name();
        let message = format!("the sidecar {owner} is at work in store `{name}`");
        Error::new(Kind::Busy, "store-busy", message).hint(format!(
            "wait for it to end; if it died, the store is free after {until:.0}"
        ))
    }
}

impl Hold {
    /// Writes down which keys are going to be written or deleted. Fails if the right was lost.
    pub async fn note(&mut self, keys: impl IntoIterator<Item = String>) -> Result<()> {
        self.noted.extend(keys);
        match &self.lease {
            Some(lease) => lease.note(self.noted.clone()).await,
            None => Ok(()),
        }
    }

    /// Fails if the right was lost: then somebody may have removed what is not finished.
    pub async fn confirm(&self) -> Result<()> {
        match &self.lease {
            Some(lease) => lease.confirm().await,
            None => Ok(()),
        }
    }

    /// Gives it back. What was noted is looked at again by the next one, unless all of it is `finished`.
    pub async fn release(self, finished: bool) {
        let left = if finished { Vec::new() } else { self.noted };
        if let Some(lease) = self.lease
            && let Err(error) = lease.release(false, left).await
        {
            tracing::warn!("cannot give a store back, others have to wait: {error}");
        }
    }
}
