//! An artifact on its way into the stores, while it is made.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Service;
use super::parcel::{Address, Parcel, owner};
use super::pending::Pending;
use crate::artifact::manifest::{Contents, Encrypted, MadeBy, Manifest};
use crate::artifact::{Growth, Sealed};
use crate::cancel::{Cancel, Reason};
use crate::clock;
use crate::config::{Compression, Tier};
use crate::error::{Error, Result};
use crate::history::{Artifact, StoreKeys};
use crate::sandbox::Module;
use crate::store::{Patience, Store};

/// How long a failed run waits for a store that has not even begun to take its artifact.
const GRACE: Duration = Duration::from_secs(1);

/// The uploads of one run. Dropped, they are given up, and nothing stays in any store.
pub(super) struct Shipment {
    /// By the store's name; each has begun once nobody else is at work there.
    parcels: Vec<(String, JoinHandle<Result<Parcel>>)>,
    driver: Handle,
}

impl Drop for Shipment {
    fn drop(&mut self) {
        for (_, mut beginning) in self.parcels.drain(..) {
            self.driver.block_on(async {
                match timeout(GRACE, &mut beginning).await {
                    Ok(Ok(Ok(parcel))) => parcel.abandon().await,
                    Ok(_) => {}
                    Err(_) => beginning.abort(),
                }
            });
        }
    }
}

/// The code of a run that made a backup which a store has missed.
pub(super) const MISSED: &str = "store-failed";

/// What the manifest says beside the sealed artifact.
pub(super) struct Label<'a> {
    pub(super) id: &'a str,
    pub(super) module: &'a Module,
    pub(super) compression: Compression,
    pub(super) started_at: Timestamp,
}

impl Service {
    /// Starts an upload into each store, if there are any. One that cannot be reached does not stop the others.
    pub(super) fn ship(
        &self,
        growth: &Growth,
        id: &str,
        started_at: Timestamp,
    ) -> Result<Option<Shipment>> {
        if self.config().stores.is_empty() {
            return Ok(None);
        }
        let runtime = self.runtime()?;
        let parcels = self.config().stores.iter().map(|spec| {
            let (spec, growth, owner) = (spec.clone(), growth.clone(), owner(id));
            let filename = self.config().strategy.artifact.filename.clone();
            let name = spec.name.clone();
            let begin = async move {
                let store = Store::open(&spec, Patience::RUN)?;
                let address = Address {
                    filename: &filename,
                    started_at,
                    owner: &owner,
                };
                Parcel::begin(store, address, growth).await
            };
            (name, runtime.spawn(begin))
        });
        Ok(Some(Shipment {
            parcels: parcels.collect(),
            driver: runtime.handle().clone(),
        }))
    }

    /// Waits until every store has the artifact, and makes it a backup there. What a store has
    /// missed is kept here for the next try, and is the error; also when the run was interrupted.
    pub(super) fn deliver(
        &self,
        mut shipment: Shipment,
        artifact: &Artifact,
        manifest: &Manifest,
        cancel: &Cancel,
    ) -> Result<Vec<StoreKeys>> {
        let mut reached = Vec::new();
        let mut missed = Vec::new();
        let arriving = shipment
            .parcels
            .drain(..)
            .map(|(name, mut beginning)| async move {
                let begun = tokio::select! {
                    begun = &mut beginning => begun.unwrap_or_else(|error| {
                        Err(Error::run("internal", "an upload ended early").caused_by(error))
                    }),
                    () = cancel.cancelled() => {
                        beginning.abort();
                        Err(cancel.error())
                    }
                };
                let arrived = match begun {
                    Ok(parcel) => self.arrive(parcel, manifest, cancel).await,
                    Err(error) => Err(error),
                };
                (name, arrived)
            });
        for (name, arrived) in self.runtime()?.block_on(join_all(arriving)) {
            match arrived {
                Ok(keys) => reached.push(StoreKeys { name, keys }),
                Err(error) => {
                    tracing::error!(
                        store = name,
                        code = error.code(),
                        hint = error.hint_text(),
                        "the backup is not in this store: {error}"
                    );
                    missed.push((name, error));
                }
            }
        }
        if missed.is_empty() {
            std::fs::remove_file(&artifact.path)
                .map_err(|error| Error::io("remove", &artifact.path, error))?;
            return Ok(reached);
        }
        if cancel.reason() == Some(Reason::Requested) && reached.is_empty() {
            // Nobody wants it any more; whoever was only interrupted does. What a store has is a
            // backup: older ones may have gone for it.
            std::fs::remove_file(&artifact.path)
                .map_err(|error| Error::io("remove", &artifact.path, error))?;
            return Err(cancel.error());
        }
        let stores: Vec<String> = missed.iter().map(|(name, _)| name.clone()).collect();
        let pending = Pending::keep(&self.state_folder(), artifact, manifest, stores)?;
        let (name, error) = missed.swap_remove(0);
        Err(Error::run(
            MISSED,
            format!("the backup could not be put into store {name}: {error}"),
        )
        .hint(format!(
            "it is kept at {}; `sidecar upload --pending`, or the next run, sends it{}",
            pending.display(),
            error
                .hint_text()
                .map(|hint| format!(" ({hint})"))
                .unwrap_or_default()
        ))
        .caused_by(error))
    }

    /// The manifest of a sealed artifact.
    pub(super) fn manifest(&self, sealed: &Sealed, label: &Label<'_>) -> Manifest {
        let spec = &self.config().strategy.artifact;
        Manifest {
            version: Manifest::VERSION,
            id: label.id.to_owned(),
            tier: Tier::Daily,
            started_at: label.started_at,
            finished_at: clock::now(),
            strategy: MadeBy {
                name: self.config().strategy.name.clone(),
                sha256: label.module.digest().into(),
            },
            tools: std::collections::BTreeMap::new(),
            sidecar: env!("CARGO_PKG_VERSION").to_owned(),
            artifact: Contents {
                filename: spec.filename.clone(),
                format: spec.format.clone(),
                content_type: spec.content_type.clone(),
                size: sealed.size,
                sha256: sealed.sha256.into(),
                raw_size: sealed.raw_size,
                raw_sha256: sealed.raw_sha256.into(),
                compression: label.compression.codec,
                encryption: spec.encryption.as_ref().map(|encryption| Encrypted::Age {
                    recipients: encryption.recipients.clone(),
                }),
            },
            parts: sealed.parts.clone(),
        }
    }
}
