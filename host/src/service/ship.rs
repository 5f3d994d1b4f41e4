//! An artifact on its way into the stores, while it is made.

use jiff::Timestamp;
use tokio::runtime::Handle;

use super::Service;
use super::pending::Pending;
use crate::artifact::manifest::{Contents, Encrypted, MadeBy, Manifest};
use crate::artifact::{Growth, Sealed};
use crate::config::{Compression, Tier};
use crate::error::{Error, Result};
use crate::history::{Artifact, StoreKeys};
use crate::sandbox::Module;
use crate::store::{Patience, Store, Upload};

/// The uploads of one run. Dropped, they are given up, and nothing stays in any store.
pub(super) struct Shipment {
    uploads: Vec<(String, Result<(Store, Upload)>)>,
    driver: Handle,
}

impl Drop for Shipment {
    fn drop(&mut self) {
        for (_, upload) in self.uploads.drain(..) {
            if let Ok((_, upload)) = upload {
                self.driver.block_on(upload.abandon());
            }
        }
    }
}

/// What the manifest says beside the sealed artifact.
pub(super) struct Label<'a> {
    pub(super) id: &'a str,
    pub(super) module: &'a Module,
    pub(super) compression: Compression,
    pub(super) started_at: Timestamp,
}

impl Service {
    /// Starts an upload into each store, if there are any. One that cannot be reached does not stop the others.
    pub(super) fn ship(&self, growth: &Growth, started_at: Timestamp) -> Result<Option<Shipment>> {
        if self.config().stores.is_empty() {
            return Ok(None);
        }
        let filename = &self.config().strategy.artifact.filename;
        let runtime = self.runtime()?;
        // An upload is a task: it starts where there is somebody to drive it.
        let _driven = runtime.enter();
        let uploads = self.config().stores.iter().map(|spec| {
            let upload = Store::open(spec, Patience::RUN).map(|store| {
                let upload = store.upload(Tier::Daily, filename, started_at, growth.clone());
                (store, upload)
            });
            (spec.name.clone(), upload)
        });
        Ok(Some(Shipment {
            uploads: uploads.collect(),
            driver: runtime.handle().clone(),
        }))
    }

    /// Waits until every store has the artifact, and makes it a backup there. What a store has
    /// missed is kept here for the next try, and is the error.
    pub(super) fn deliver(
        &self,
        mut shipment: Shipment,
        artifact: &Artifact,
        manifest: &Manifest,
    ) -> Result<Vec<StoreKeys>> {
        let mut reached = Vec::new();
        let mut missed = Vec::new();
        for (name, upload) in std::mem::take(&mut shipment.uploads) {
            let arrived = upload.and_then(|(store, upload)| {
                self.runtime()?.block_on(async {
                    let stored = upload.finish(manifest.artifact.size).await?;
                    let backup = store.commit(&stored, manifest).await?;
                    self.settle(&store, &backup).await
                })
            });
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
        let stores: Vec<String> = missed.iter().map(|(name, _)| name.clone()).collect();
        let pending = Pending::keep(&self.state_folder(), artifact, manifest, stores)?;
        let (name, error) = missed.swap_remove(0);
        Err(Error::run(
            "store-failed",
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
            finished_at: Timestamp::now(),
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
