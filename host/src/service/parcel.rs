//! One artifact on its way into one store.

use jiff::Timestamp;

use super::Service;
use crate::artifact::Growth;
use crate::artifact::manifest::Manifest;
use crate::cancel::Cancel;
use crate::config::Tier;
use crate::error::Result;
use crate::store::{Hold, Store, Upload};

/// What it is called in the store.
pub(super) struct Address<'a> {
    pub(super) filename: &'a str,
    pub(super) started_at: Timestamp,
    /// Who sends it: see [`owner`].
    pub(super) owner: &'a str,
}

/// An upload, and the right to put it there.
pub(super) struct Parcel {
    store: Store,
    hold: Hold,
    upload: Upload,
}

impl Parcel {
    /// Waits for the store if somebody else is at work there, then starts to upload.
    pub(super) async fn begin(store: Store, to: Address<'_>, growth: Growth) -> Result<Self> {
        let mut hold = store.hold(to.owner).await?;
        let begun = async {
            let key = store
                .free_key(Tier::Daily, to.filename, to.started_at)
                .await?;
            hold.note([key.clone()]).await?;
            Ok(key)
        };
        match begun.await {
            Ok(key) => Ok(Self {
                upload: store.upload(&key, growth),
                store,
                hold,
            }),
            Err(error) => {
                hold.release(true).await;
                Err(error)
            }
        }
    }

    /// The run failed: waits until nothing of it is left in the store.
    pub(super) async fn abandon(self) {
        self.upload.abandon().await;
        self.hold.release(false).await;
    }
}

impl Service {
    /// Waits until the store has all of it, makes it a backup there and applies the retention.
    /// Returns every key that it has now.
    pub(super) async fn arrive(
        &self,
        parcel: Parcel,
        manifest: &Manifest,
        cancel: &Cancel,
    ) -> Result<Vec<String>> {
        let Parcel {
            store,
            mut hold,
            mut upload,
        } = parcel;
        let arrived = async {
            let stored = tokio::select! {
                stored = upload.finish(manifest.artifact.size) => stored?,
                () = cancel.cancelled() => {
                    upload.abandon().await;
                    return Err(cancel.error());
                }
            };
            hold.confirm().await?;
            let backup = store.commit(&stored, manifest).await?;
            self.settle(&store, &mut hold, &backup).await
        };
        let arrived = arrived.await;
        hold.release(arrived.is_ok()).await;
        arrived
    }
}

/// The name by which others know who holds a store: the machine's, and one that is used only once.
pub(super) fn owner(id: &str) -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{id}", name.trim())
}
