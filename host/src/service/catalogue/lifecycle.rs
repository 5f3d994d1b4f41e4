//! The retention as lifecycle rules, for operators who want the bucket itself to expire backups.

use std::collections::BTreeSet;

use serde_json::Value;

use super::list::list;
use super::stores::open_all;
use crate::config::{Config, Place, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::lifecycle::Lifecycle;
use crate::service::context::Context;
use crate::store::Store;

/// The rules of one bucket: of all strategies that have a folder in it.
#[derive(Debug)]
pub struct BucketRules {
    /// The name of its first store.
    pub store: String,
    /// Where it is, unless at AWS: buckets of two servers may have one name.
    endpoint: Option<String>,
    /// The bucket's name.
    pub bucket: String,
    /// As `aws s3api put-bucket-lifecycle-configuration` takes it.
    pub configuration: Value,
    /// What the rules cannot do.
    pub warnings: Vec<String>,
}

/// One configuration for each bucket: putting the next one would replace it.
fn by_bucket(all: Vec<BucketRules>) -> Vec<BucketRules> {
    let mut buckets: Vec<BucketRules> = Vec::new();
    for rules in all {
        let same = |one: &&mut BucketRules| {
            (&one.endpoint, &one.bucket) == (&rules.endpoint, &rules.bucket)
        };
        match buckets.iter_mut().find(same) {
            Some(bucket) => bucket.add(rules),
            None => buckets.push(rules),
        }
    }
    buckets
}

impl BucketRules {
    /// Adds those of another folder of the bucket.
    fn add(&mut self, mut other: Self) {
        let more = other.configuration["Rules"].take();
        if let (Some(rules), Value::Array(more)) =
            (self.configuration["Rules"].as_array_mut(), more)
        {
            for rule in more {
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }
}

/// The rules for each bucket among the stores of every strategy. A repository has none, which is said.
pub(in crate::service) fn lifecycles(context: &Context) -> Result<Vec<BucketRules>> {
    let mut all = Vec::new();
    for config in with_buckets(context).map(Context::config) {
        all.extend(rules(config)?);
        for store in repositories(config) {
            let refused = of_repository(store);
            tracing::warn!(hint = refused.hint_text(), "{refused}");
        }
    }
    Ok(by_bucket(all))
}

/// This one, and its members that have a bucket.
fn with_buckets(context: &Context) -> impl Iterator<Item = &Context> {
    let is_bucket = |store: &StoreSpec| matches!(store.place, Place::S3(_));
    let members = context.all().skip(1);
    let members = members.filter(move |one| one.config().stores.iter().any(is_bucket));
    std::iter::once(context).chain(members)
}

fn repositories(config: &Config) -> impl Iterator<Item = &StoreSpec> {
    let stores = config.stores.iter();
    stores.filter(|store| store.repository().is_some())
}

fn of_repository(store: &StoreSpec) -> Error {
    let message = format!(
        "store `{}` is a repository: a bucket's own rules would delete what newer backups share with old ones",
        store.name
    );
    Error::new(Kind::Config, "lifecycle-of-repository", message)
        .hint("every run applies the retention there, and `sidecar prune` does")
}

fn rules(config: &Config) -> Result<Vec<BucketRules>> {
    let rules: Vec<BucketRules> = config
        .stores
        .iter()
        .filter(|store| store.repository().is_none())
        .filter_map(|store| match &store.place {
            Place::S3(bucket) => {
                let rules = Lifecycle::new(&config.retention, &store.prefix);
                Some(BucketRules {
                    store: store.name.clone(),
                    endpoint: bucket.endpoint.clone(),
                    bucket: bucket.name.clone(),
                    configuration: rules.configuration(),
                    warnings: rules.warnings,
                })
            }
            Place::Fs { .. } => None,
        })
        .collect();
    if rules.is_empty() {
        if let Some(store) = repositories(config).next() {
            return Err(of_repository(store));
        }
        return Err(Error::new(
            Kind::NotFound,
            "no-bucket",
            "no store is a bucket: only S3 has lifecycle rules",
        )
        .hint("`sidecar prune` applies the retention in every store"));
    }
    Ok(rules)
}

/// Sets the rules of each bucket among the stores, beside foreign ones. Returns the names of the
/// buckets whose rules were other ones before.
pub(in crate::service) fn apply_lifecycles(context: &Context) -> Result<Vec<String>> {
    let mut changed = BTreeSet::new();
    for one in with_buckets(context) {
        changed.extend(apply(one)?);
    }
    Ok(changed.into_iter().collect())
}

/// The same of one strategy.
fn apply(context: &Context) -> Result<Vec<String>> {
    let config = context.config();
    let mut changed = Vec::new();
    for rules in rules(config)? {
        let store = exclusive(context, &rules.store)?;
        let lifecycle = Lifecycle::new(&config.retention, &store.spec().prefix);
        let merged = context.runtime()?.block_on(async {
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
    Ok(changed)
}

/// A store in which no other sidecar's backups lie: the rules would delete them, too.
fn exclusive(context: &Context, name: &str) -> Result<Store> {
    let catalogue = list(context, Some(name))?;
    let mut opened = open_all(context, Some(name))?;
    let store = opened.swap_remove(0).1?;
    match store.shared(&catalogue) {
        Some(shared) => Err(shared),
        None => Ok(store),
    }
}
