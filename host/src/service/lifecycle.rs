//! The retention in the words of S3, for those who want the bucket itself to expire backups.

use serde_json::Value;

use super::Service;
use crate::config::Place;
use crate::error::{Error, Kind, Result};
use crate::lifecycle::Lifecycle;

/// The rules of one bucket.
#[derive(Debug)]
pub struct BucketRules {
    /// The store's name.
    pub store: String,
    /// The bucket's name.
    pub bucket: String,
    /// As `aws s3api put-bucket-lifecycle-configuration` takes it.
    pub configuration: Value,

    /// What the rules cannot do.
    pub warnings: Vec<String>,
}

impl Service {
    /// The rules for each bucket among the stores.
    pub fn lifecycles(&self) -> Result<Vec<BucketRules>> {
        let rules: Vec<BucketRules> = self
            .config()
            .stores
            .iter()
            .filter_map(|store| match &store.place {
                Place::S3(bucket) => {
                    let rules = Lifecycle::new(&self.config().retention, &store.prefix);
                    Some(BucketRules {
                        store: store.name.clone(),
                        bucket: bucket.name.clone(),
                        configuration: rules.configuration(),
                        warnings: rules.warnings,
                    })
                }
                Place::Fs { .. } => None,
            })
            .collect();
        if rules.is_empty() {
            return Err(Error::new(
                Kind::NotFound,
                "no-bucket",
                "no store is a bucket: only S3 has lifecycle rules",
            )
            .hint("`sidecar prune` applies the retention in every store"));
        }
        Ok(rules)
    }

    /// Sets the rules of each bucket among the stores, beside those that are not ours. Returns the
    /// names of the buckets whose rules were other ones before.
    pub fn apply_lifecycles(&self) -> Result<Vec<String>> {
        let mut changed = Vec::new();
        for rules in self.lifecycles()? {
            let stores = self.stores(Some(&rules.store))?;
            for store in stores {
                let prefix = &store.spec().prefix;
                let lifecycle = Lifecycle::new(&self.config().retention, prefix);
                let merged = self.runtime()?.block_on(async {
                    let merged = lifecycle.merged_into(&store.lifecycle().await?)?;
                    if merged.changed {
                        store.set_lifecycle(&merged.configuration).await?;
                    }
                    Ok::<_, Error>(merged)
                })?;
                for warning in merged.warnings {
                    tracing::warn!(store = rules.store, bucket = rules.bucket, "{warning}");
                }
                if merged.changed {
                    changed.push(rules.bucket.clone());
                }
            }
        }
        Ok(changed)
    }
}
