//! What backups there are: what the manifests in the stores say, and nothing else.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;

use super::backend::Object;
use super::damage::{DamageExtent, DamagedBackup};
use super::error::{StoreFailure, failure};
use super::health::BackupHealth;
use super::keys;
use super::newest;
use super::objects::Store;
use super::tombstone::is_tombstone;
use super::unfinished::UnfinishedArtifact;
use super::usable::usable;
use crate::artifact::manifest::Manifest;
use crate::config::Tier;
use crate::error::{Error, Kind, Result};

/// Manifests read at once.
const PARALLEL: usize = 8;

/// A backup in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Backup")]
pub struct StoredBackup {
    /// The store's name.
    pub store: String,
    /// Which of several strategies it is of; "sets" if it is a set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Of the artifact, below the store's prefix.
    pub key: String,
    /// What reading this copy last told of it.
    pub health: BackupHealth,
    /// What it is.
    pub manifest: Manifest,
    /// Whether another sidecar made it, which shares the store: it is only read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// The backups of one store or of several.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Newest first, by arrival; one that is in several tiers stands there once for each.
    pub backups: Vec<StoredBackup>,
    /// What is not usable.
    pub damaged: Vec<DamagedBackup>,
    /// Keys of artifacts that were given up: a tombstone stands in place of their manifest.
    pub burned: Vec<String>,
    /// Artifacts that have no manifest yet: a sidecar noted them, or that cannot be known.
    pub unfinished: Vec<UnfinishedArtifact>,
}

/// How an operator or a client names a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Latest,
    /// An id, or the beginning of one.
    Id(String),
}

impl From<&str> for Which {
    fn from(text: &str) -> Self {
        match text {
            "latest" => Self::Latest,
            id => Self::Id(id.to_owned()),
        }
    }
}

impl Store {
    /// Lists the backups of this store. What cannot be read is reported, and hides no other; only a
    /// store that fails as a whole is an error.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let mut catalogue = Catalogue::default();
        let mut unlisted = Vec::new();
        for tier in Tier::ALL {
            match self.list(&keys::folder(tier)).await {
                Ok(objects) => self.read_tier(tier, &objects, &mut catalogue).await?,
                Err(error) if is_of_the_store(&error) => return Err(error),
                Err(error) => unlisted.push((tier, error)),
            }
        }
        if unlisted.len() == Tier::ALL.len() {
            // Nothing is known of it.
            return Err(unlisted.swap_remove(0).1);
        }
        let unlisted = unlisted.into_iter().map(|(tier, error)| DamagedBackup {
            extent: DamageExtent::Tier,
            ..self.damaged(&keys::folder(tier), error)
        });
        catalogue.damaged.extend(unlisted);
        self.mark_foreign(&mut catalogue.backups);
        catalogue.sort();
        Ok(catalogue)
    }

    async fn read_tier(
        &self,
        tier: Tier,
        objects: &[Object],
        catalogue: &mut Catalogue,
    ) -> Result<()> {
        self.forget_others(&keys::folder(tier), objects);
        let unfinished = self.unfinished(objects);
        let sizes: HashMap<&str, u64> = objects
            .iter()
            .map(|object| (object.key.as_str(), object.size))
            .collect();
        // Owned, so that a task of any thread can read them.
        let manifests: Vec<(String, Object)> = objects
            .iter()
            .filter_map(|object| {
                let artifact = keys::artifact_of(&object.key)?;
                Some((artifact.to_owned(), object.clone()))
            })
            .collect();
        if manifests.is_empty() && unfinished.is_empty() {
            return Ok(());
        }
        let judged = self.judged(tier).await?;
        for artifact in unfinished {
            // Only of backups there are verdicts.
            match judged.has(&artifact.key) && self.has_lost_manifest(&artifact).await {
                true => catalogue.damaged.push(artifact.without_its_manifest()),
                false => catalogue.unfinished.push(artifact),
            }
        }
        // Listed after the manifests: one that was written in between has its snapshot all the same.
        let snapshots = self.listed_snapshots().await?;
        let store = self.clone();
        let mut read = stream::iter(manifests)
            .map(move |(artifact, object)| {
                let store = store.clone();
                async move {
                    let text = store.manifest_text(&object).await;
                    (artifact, object.key, text)
                }
            })
            .buffer_unordered(PARALLEL);
        let mut unavailable = 0;
        let mut found = Vec::new();
        while let Some((artifact, key, text)) = read.next().await {
            let size = sizes.get(artifact.as_str()).copied();
            let usable = match text {
                Ok(text) if is_tombstone(&text) => {
                    catalogue.burned.push(artifact);
                    continue;
                }
                Ok(text) => usable(&text, tier, &artifact, size, snapshots.as_ref()),
                // It was deleted since it was listed.
                Err(error) if error.kind() == Kind::NotFound => continue,
                Err(error) => {
                    let gave_up = failure(&error) == Some(StoreFailure::Unavailable);
                    unavailable += usize::from(gave_up);
                    if is_of_the_store(&error) || unavailable == PARALLEL {
                        return Err(error);
                    }
                    Err(error)
                }
            };
            match usable {
                Ok(manifest) => found.push(StoredBackup {
                    store: self.name().to_owned(),
                    strategy: self.spec().strategy.clone(),
                    key: artifact,
                    health: BackupHealth::Never,
                    manifest,
                    foreign: false,
                }),
                Err(error) => catalogue.damaged.push(self.damaged(&key, error)),
            }
        }
        let judged = &judged;
        let known = stream::iter(found)
            .map(|backup| async move {
                let health = match judged {
                    Verdicts::Of(all) => match all.get(&keys::verdict(&backup.key)) {
                        Some(verdict) => self.health(&backup, verdict).await,
                        None => BackupHealth::Never,
                    },
                    Verdicts::Unreadable => BackupHealth::Unclear,
                };
                StoredBackup { health, ..backup }
            })
            .buffer_unordered(PARALLEL);
        catalogue.backups.extend(known.collect::<Vec<_>>().await);
        Ok(())
    }

    /// The snapshots of a store with a repository; none if there is none, or they cannot be listed.
    async fn listed_snapshots(&self) -> Result<Option<HashSet<String>>> {
        if self.spec().repository().is_none() {
            return Ok(None);
        }
        match self.snapshots().await {
            Ok(snapshots) => Ok(Some(snapshots)),
            Err(error) if is_of_the_store(&error) => Err(error),
            Err(error) => {
                tracing::warn!("it is not known which snapshots are there: {error}");
                Ok(None)
            }
        }
    }

    async fn manifest_text(&self, object: &Object) -> Result<Arc<Vec<u8>>> {
        if object.key.contains(char::REPLACEMENT_CHARACTER) {
            // Under the name that is listed, there is nothing.
            let message = format!("the name of {} is not UTF-8", self.shown(&object.key));
            return Err(Error::new(Kind::Verification, "damaged-manifest", message));
        }
        self.get_listed(object).await
    }

    /// Which artifacts of a tier have a verdict.
    async fn judged(&self, tier: Tier) -> Result<Verdicts> {
        let folder = keys::verdicts(tier);
        match self.list(&folder).await {
            Ok(objects) => {
                self.forget_others(&folder, &objects);
                let named = objects
                    .into_iter()
                    .map(|object| (object.key.clone(), object));
                Ok(Verdicts::Of(named.collect()))
            }
            Err(error) if is_of_the_store(&error) => Err(error),
            Err(error) => {
                tracing::warn!("it is not known which backups are damaged: {error}");
                Ok(Verdicts::Unreadable)
            }
        }
    }

    fn mark_foreign(&self, backups: &mut [StoredBackup]) {
        let manifests: Vec<&Manifest> = backups.iter().map(|backup| &backup.manifest).collect();
        let foreign = self.ownership.foreign(&manifests);
        for (backup, foreign) in backups.iter_mut().zip(foreign) {
            backup.foreign = foreign;
        }
    }

    pub(super) fn damaged(&self, key: &str, error: Error) -> DamagedBackup {
        DamagedBackup {
            store: self.name().to_owned(),
            key: key.to_owned(),
            extent: DamageExtent::Backup,
            error,
        }
    }
}

/// What is known of the backups of a tier.
enum Verdicts {
    /// Their verdicts, by key.
    Of(HashMap<String, Object>),
    /// The folder cannot be listed.
    Unreadable,
}

impl Verdicts {
    /// Whether there is one of an artifact, as far as that is known.
    fn has(&self, artifact: &str) -> bool {
        matches!(self, Self::Of(known) if known.contains_key(&keys::verdict(artifact)))
    }
}

fn is_of_the_store(error: &Error) -> bool {
    failure(error).is_some_and(StoreFailure::is_of_the_store)
}

impl Catalogue {
    /// Adds another store's backups.
    pub fn add(&mut self, other: Self) {
        self.backups.extend(other.backups);
        self.damaged.extend(other.damaged);
        self.burned.extend(other.burned);
        self.unfinished.extend(other.unfinished);
        self.sort();
    }

    /// Whether it is known of every tier what lies in it.
    pub fn lists_all_tiers(&self) -> bool {
        let mut damaged = self.damaged.iter();
        damaged.all(|damaged| damaged.extent != DamageExtent::Tier)
    }

    /// Why it is not known what lies in a tier.
    pub fn unlisted(&self, tier: Tier) -> Option<Error> {
        let folder = keys::folder(tier);
        let unlisted = self
            .damaged
            .iter()
            .find(|damaged| damaged.extent == DamageExtent::Tier && damaged.key == folder);
        unlisted.map(Error::from)
    }

    /// Those that this sidecar made, newest first.
    pub fn own(&self) -> impl Iterator<Item = &StoredBackup> {
        self.backups.iter().filter(|backup| !backup.foreign)
    }

    /// The backup of that name, of `latest` the newest of our own; of several copies, one in the shortest-lived tier.
    pub fn find(&self, which: &Which) -> Result<&StoredBackup> {
        let Which::Id(wanted) = which else {
            return self.own().next().ok_or_else(|| {
                if self.backups.is_empty() {
                    return Error::new(
                        Kind::NotFound,
                        "no-backup",
                        "the stores hold no backup yet",
                    )
                    .hint("`sidecar backup` makes one");
                }
                let message = "the stores hold backups of other sidecars, and none of this one";
                Error::new(Kind::NotFound, "no-own-backup", message)
                    .hint("`sidecar list` shows them: name one of them by its id")
            });
        };
        let matching = |backup: &&StoredBackup| backup.manifest.id.starts_with(wanted.as_str());
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
        let exact = |backup: &&StoredBackup| ids.len() == 1 || backup.manifest.id == *wanted;
        let found = self.backups.iter().filter(matching).find(exact);
        found.ok_or_else(|| {
            let message = format!("there is no backup `{wanted}`");
            Error::new(Kind::NotFound, "no-such-backup", message)
                .hint("`sidecar list` shows what the stores hold; `latest` is the newest")
        })
    }

    fn sort(&mut self) {
        let ranks = ranks(self.backups.iter());
        self.backups
            .sort_by(|a, b| order(&ranks, a).cmp(&order(&ranks, b)));
        self.damaged.sort_by(|a, b| a.key.cmp(&b.key));
        self.burned.sort();
    }
}

/// Backups of several catalogues in the order of one.
pub fn newest_first<'b>(
    backups: impl IntoIterator<Item = &'b StoredBackup>,
) -> Vec<&'b StoredBackup> {
    let mut sorted: Vec<&StoredBackup> = backups.into_iter().collect();
    let ranks = ranks(sorted.iter().copied());
    sorted.sort_by(|a, b| order(&ranks, a).cmp(&order(&ranks, b)));
    sorted
}

/// Each of several strategies has numbers of its own in a store.
fn ranks<'b>(backups: impl Iterator<Item = &'b StoredBackup>) -> HashMap<String, usize> {
    let place = |one: &StoredBackup| (one.store.clone(), one.strategy.clone());
    newest::ranks(backups.map(|one| (place(one), &one.manifest)))
}

fn order<'b>(
    ranks: &HashMap<String, usize>,
    backup: &'b StoredBackup,
) -> (Option<usize>, Tier, &'b str) {
    let rank = ranks.get(&backup.manifest.id).copied();
    (rank, backup.manifest.tier, &backup.key)
}
