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
}
