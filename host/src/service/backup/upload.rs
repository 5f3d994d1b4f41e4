//! Uploads the artifact into every store while it is made.

use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::store_upload::{StoreUpload, UploadTarget};
use crate::artifact::SpoolReader;
use crate::error::Result;
use crate::service::context::Context;
use crate::service::owner::owner;
use crate::store::RetryPolicy;

/// How long a failed run waits for a store that has not even begun to take its artifact.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(1);

/// The upload into one store: it has begun once no other sidecar holds the store's lock.
pub(super) type Beginning = JoinHandle<Result<StoreUpload>>;

/// The uploads of one run. Dropped, they are abandoned, and nothing stays in any store.
pub(in crate::service) struct StoreUploads {
    /// By the store's name.
    uploads: Vec<(String, Beginning)>,
    driver: Handle,
}

/// Starts an upload into each store, if there are any. One that cannot be reached does not stop the
/// others.
pub(in crate::service) fn upload_all(
    context: &Context,
    bytes: &SpoolReader,
    id: &str,
    started_at: Timestamp,
) -> Result<Option<StoreUploads>> {
    let config = context.config();
    if config.stores.is_empty() {
        return Ok(None);
    }
    let runtime = context.runtime()?;
    let uploads = config.stores.iter().map(|spec| {
        let (spec, bytes, owner) = (spec.clone(), bytes.clone(), owner(id));
        let store_name = spec.name.clone();
        let (id, strategy) = (id.to_owned(), config.strategy.name.clone());
        let filename = config.strategy.artifact.filename.clone();
        let name = store_name.clone();
        let claimant = context.claimant().clone();
        let tree = bytes.tree().cloned();
        let begin = async move {
            let store = claimant.open_to_write(&spec, RetryPolicy::RUN).await?;
            let target = UploadTarget {
                filename: &filename,
                started_at,
                id: &id,
                strategy: &strategy,
                owner: &owner,
            };
            StoreUpload::begin(store, target, bytes).await
        };
        let begin = async move {
            begin.await.inspect_err(|error| {
                // A run that adds files would wait for ever.
                if let Some(tree) = tree {
                    tree.stop(error.named(&format!("store {store_name}")));
                }
            })
        };
        (name, runtime.spawn(begin))
    });
    Ok(Some(StoreUploads {
        uploads: uploads.collect(),
        driver: runtime.handle().clone(),
    }))
}

impl StoreUploads {
    /// Each upload by its store's name: from now on the caller ends them.
    pub(super) fn take(mut self) -> Vec<(String, Beginning)> {
        std::mem::take(&mut self.uploads)
    }
}

impl Drop for StoreUploads {
    fn drop(&mut self) {
        for (_, mut beginning) in self.uploads.drain(..) {
            self.driver.block_on(async {
                match timeout(ABANDON_TIMEOUT, &mut beginning).await {
                    Ok(Ok(Ok(upload))) => upload.abandon().await,
                    Ok(_) => {}
                    Err(_) => beginning.abort(),
                }
            });
        }
    }
}
