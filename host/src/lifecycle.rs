//! A retention policy as S3 lifecycle rules, in the shape of `aws s3api
//! put-bucket-lifecycle-configuration`. Pure: values in, values out.
//!
//! S3 deletes by age alone. It does not know which backup is good or the newest, so what only the
//! sidecar can decide is left to `sidecar prune`, with a warning.

use serde_json::{Map, Value, json};

use crate::error::{Error, Kind, Result};
use crate::retention::{Policy, RetentionRule, Tier};

/// The rules of one sidecar for one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    prefix: String,
    rules: Vec<LifecycleRule>,
    /// What the rules cannot do, for the operator.
    pub warnings: Vec<String>,
}

/// A lifecycle configuration to put into place of the bucket's present one.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The whole configuration. Without any rule in it, S3 wants it deleted rather than put.
    pub configuration: Value,
    /// Whether it differs from what the bucket has.
    pub changed: bool,
    /// Foreign rules that delete what the policy keeps.
    pub warnings: Vec<String>,
}

/// "Backups in this tier expire after so many days."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LifecycleRule {
    tier: Tier,
    days: u32,
}

impl Lifecycle {
    /// `prefix` is the store's, as configured ("citus").
    pub fn new(policy: &Policy, prefix: &str) -> Self {
        let mut lifecycle = Self {
            prefix: prefix.trim_matches('/').to_owned(),
            rules: Vec::new(),
            warnings: Vec::new(),
        };
        for (tier, rule) in policy.iter() {
            match rule {
                RetentionRule {
                    days: Some(days),
                    last: None,
                } => lifecycle.rules.push(LifecycleRule { tier, days }),
                RetentionRule {
                    last: Some(last), ..
                } => lifecycle.warnings.push(format!(
                    "{tier}: `last: {last}` cannot be a lifecycle rule, S3 does not count: leave this tier to `sidecar prune`"
                )),
                RetentionRule::FOR_EVER => {}
            }
        }
        if !lifecycle.rules.is_empty() {
            lifecycle.warnings.push(
                "S3 deletes by age alone: if backups stop, it deletes the last good one too, \
                 which `sidecar prune` never does"
                    .to_owned(),
            );
        }
        lifecycle
    }

    /// The rules alone: `{"Rules": […]}`.
    pub fn configuration(&self) -> Value {
        json!({ "Rules": self.values() })
    }

    /// Puts the rules into what the bucket has: `existing` is the answer of `aws s3api
    /// get-bucket-lifecycle-configuration`, or null if there is none.
    ///
    /// Foreign rules stay as they are and where they are. Ours are known by their ids; those of
    /// tiers that the policy no longer limits are removed.
    pub fn merged_into(&self, existing: &Value) -> Result<Merged> {
        let mut configuration = match existing {
            Value::Null => Map::new(),
            Value::Object(entries) => entries.clone(),
            _ => return Err(malformed()),
        };
        let rules = match configuration.get("Rules") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(rules)) => rules.clone(),
            Some(_) => return Err(malformed()),
        };
        let mine = |rule: &Value| Tier::ALL.iter().any(|tier| rule["ID"] == *self.id(*tier));
        let (old, foreign): (Vec<Value>, Vec<Value>) = rules.into_iter().partition(mine);
        let warnings = foreign
            .iter()
            .filter_map(|rule| self.conflict(rule))
            .collect();
        let new = self.values();
        let changed = old != new;
        configuration.insert("Rules".into(), foreign.into_iter().chain(new).collect());
        Ok(Merged {
            configuration: configuration.into(),
            changed,
            warnings,
        })
    }

    fn values(&self) -> Vec<Value> {
        let value = |rule: &LifecycleRule| {
            json!({
                "ID": self.id(rule.tier),
                "Status": "Enabled",
                "Filter": {"Prefix": self.folder(rule.tier)},
                "Expiration": {"Days": rule.days},
            })
        };
        self.rules.iter().map(value).collect()
    }

    /// "sidecar-citus-daily": a bucket may serve several sidecars.
    fn id(&self, tier: Tier) -> String {
        match self.prefix.as_str() {
            "" => format!("sidecar-{tier}"),
            prefix => format!("sidecar-{prefix}-{tier}"),
        }
    }

    /// "citus/daily/"
    fn folder(&self, tier: Tier) -> String {
        match self.prefix.as_str() {
            "" => format!("{tier}/"),
            prefix => format!("{prefix}/{tier}/"),
        }
    }

    /// Says so if a foreign rule may delete a tier's backups before their time.
    fn conflict(&self, rule: &Value) -> Option<String> {
        let days = rule["Expiration"]["Days"].as_u64()?;
        if rule["Status"] != "Enabled" {
            return None;
        }
        // Old rules have the prefix outside a filter; with tags or sizes, it is in an `And`.
        let filter = &rule["Filter"];
        let places = [&filter["Prefix"], &filter["And"]["Prefix"], &rule["Prefix"]];
        let prefix = places.into_iter().find_map(Value::as_str).unwrap_or("");
        let limit = |tier| self.rules.iter().find(|rule| rule.tier == tier);
        let tier = Tier::ALL.into_iter().find(|tier| {
            let folder = self.folder(*tier);
            let covers = folder.starts_with(prefix) || prefix.starts_with(&folder);
            covers && limit(*tier).is_none_or(|ours| days < u64::from(ours.days))
        })?;
        let id = rule["ID"].as_str().unwrap_or("without an id");
        Some(format!(
            "the rule `{id}`, which is not the sidecar's, expires {} after {days} days already",
            self.folder(tier)
        ))
    }
}

fn malformed() -> Error {
    Error::new(
        Kind::Run,
        "malformed-lifecycle",
        "the bucket's lifecycle configuration is not an object with a list of `Rules`",
    )
    .hint("nothing was changed: look at it with `aws s3api get-bucket-lifecycle-configuration`")
}

#[cfg(test)]
mod tests;
