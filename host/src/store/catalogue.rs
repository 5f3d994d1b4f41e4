//! What backups there are: what the manifests in the stores say, and nothing else.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::str::FromStr;

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Object, Store, keys};
use crate::artifact::manifest::Manifest;
use crate::config::Tier;
use crate::error::{Error, Kind, Result};

/// Manifests read at once.
const PARALLEL: usize = 8;

/// A backup in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Backup {
    /// The store's name.
    pub store: String,
    /// Of the artifact, below the store's prefix.
    pub key: String,
    /// What it is.
    pub manifest: Manifest,
}

/// A manifest that no backup can be made out of.
#[derive(Debug)]
pub struct Damaged {
    /// The store's name.
    pub store: String,
    /// Of the manifest, below the store's prefix.
    pub key: String,
    /// What is wrong with it.
    pub error: Error,
}

/// The backups of one store or of several.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Newest first; one that is in several tiers stands there once for each.
    pub backups: Vec<Backup>,
    /// What is not usable.
    pub damaged: Vec<Damaged>,
    /// Artifacts without a manifest: still being uploaded, or somebody took it away.
    pub unfinished: Vec<Damaged>,
}

/// What somebody calls a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Latest,
    /// An id, or the beginning of one.
    Id(String),
}

impl FromStr for Which {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "latest" => Self::Latest,
            id => Self::Id(id.to_owned()),
        })
    }
}

impl Store {
    /// Lists the backups of this store. A damaged manifest is reported, and hides no other.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let mut catalogue = Catalogue::default();
        for tier in Tier::ALL {
            let objects = self.list(&keys::folder(tier)).await?;
            let manifests = objects.iter().filter_map(|object| {
                keys::artifact_of(&object.key).map(|artifact| (artifact, object.key.as_str()))
            });
            let mut read = stream::iter(manifests)
                .map(|(artifact, key)| async move { (artifact, key, self.get(key).await) })
                .buffer_unordered(PARALLEL);
            catalogue.unfinished.extend(self.unfinished(&objects));
            while let Some((artifact, key, text)) = read.next().await {
                let text = match text {
                    Ok(text) => text,
                    // It was deleted since it was listed.
                    Err(error) if error.kind() == Kind::NotFound => continue,
                    Err(error) => return Err(error),
                };
                match usable(&text, tier, artifact, &objects) {
                    Ok(manifest) => catalogue.backups.push(Backup {
                        store: self.name().to_owned(),
                        key: artifact.to_owned(),
                        manifest,
                    }),
                    Err(error) => catalogue.damaged.push(Damaged {
                        store: self.name().to_owned(),
                        key: key.to_owned(),
                        error,
                    }),
                }
            }
        }
        catalogue.sort();
        Ok(catalogue)
    }
}

impl Store {
    /// Artifacts that no manifest stands for.
    fn unfinished(&self, objects: &[Object]) -> Vec<Damaged> {
        let there: HashSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
        let alone = objects.iter().filter(|object| {
            let manifest = keys::manifest(&object.key);
            keys::artifact_of(&object.key).is_none() && !there.contains(manifest.as_str())
        });
        let unfinished = alone.map(|object| Damaged {
            store: self.name().to_owned(),
            key: object.key.clone(),
            error: Error::new(
                Kind::Verification,
                "missing-manifest",
                "the artifact has no manifest: its upload is going on or broke off, or somebody removed it",
            ),
        });
        unfinished.collect()
    }
}

impl Catalogue {
    /// Adds another store's backups.
    pub fn add(&mut self, other: Self) {
        self.backups.extend(other.backups);
        self.damaged.extend(other.damaged);
        self.unfinished.extend(other.unfinished);
        self.sort();
    }

    /// The backup of that name; of several copies, one in the shortest-lived tier.
    pub fn find(&self, which: &Which) -> Result<&Backup> {
        let Which::Id(wanted) = which else {
            return self.backups.first().ok_or_else(|| {
                Error::new(Kind::NotFound, "no-backup", "the stores hold no backup yet")
                    .hint("`sidecar backup` makes one")
            });
        };
        let matching = |backup: &&Backup| backup.manifest.id.starts_with(wanted.as_str());
        let ids: BTreeSet<&str> = self
            .backups
            .iter()
            .filter(matching)
            .map(|backup| backup.manifest.id.as_str())
            .collect();
        if ids.len() > 1 && !ids.contains(wanted.as_str()) {
            let message = format!("{} backups begin with `{wanted}`", ids.len());
            return Err(Error::new(Kind::BadRequest, "ambiguous-id", message)
                .hint("write more of the id: `sidecar list` shows them"));
        }
        let exact = |backup: &&Backup| ids.len() == 1 || backup.manifest.id == *wanted;
        let found = self.backups.iter().filter(matching).find(exact);
        found.ok_or_else(|| {
            let message = format!("there is no backup `{wanted}`");
            Error::new(Kind::NotFound, "no-such-backup", message)
                .hint("`sidecar list` shows what the stores hold; `latest` is the newest")
        })
    }

    fn sort(&mut self) {
        self.backups.sort_by(|a, b| {
            let order =
                |backup: &Backup| (Reverse(backup.manifest.started_at), backup.manifest.tier);
            order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key))
        });
        self.damaged.sort_by(|a, b| a.key.cmp(&b.key));
    }
}

/// The manifest, if it fits what lies beside it.
fn usable(text: &[u8], tier: Tier, artifact: &str, objects: &[Object]) -> Result<Manifest> {
    let manifest = Manifest::from_json(text)?;
    let damaged =
        |code: &'static str, message: String| Err(Error::new(Kind::Verification, code, message));
    let promised = manifest.artifact.size;
    match objects.iter().find(|object| object.key == artifact) {
        None => damaged(
            "missing-artifact",
            format!("the artifact {artifact} is missing"),
        ),
        Some(found) if found.size != promised => damaged(
            "wrong-size",
            format!(
                "the artifact {artifact} has {} bytes instead of {promised}",
                found.size
            ),
        ),
        Some(_) if manifest.tier != tier => damaged(
            "wrong-tier",
            format!("the manifest is of a {} backup", manifest.tier),
        ),
        Some(_) => Ok(manifest),
    }
}
