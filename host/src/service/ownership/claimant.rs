//! The claim of a store, before anything is written, deleted or leased there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::Mutex;

use super::identity::Identity;
use super::known_places::KnownPlaces;
use super::profile::profile;
use crate::clock;
use crate::config::{Config, Environment, Place, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::service::overlap::same_place;
use crate::store::{
    FoundOwner, KnownObjects, OwnerId, OwnerRecord, Ownership, Profile, RetryPolicy, Standing,
    Store, adoptable, judge,
};

/// Tries to claim a store that other sidecars claim at the same time. Not a retry that waits: the next
/// one reads what the faster one wrote.
const TRIES: usize = 3;

/// Claims stores for this sidecar.
pub(in crate::service) struct Claimant {
    pub(super) profile: Profile,
    pub(super) identity: Identity,
    known_places: KnownPlaces,
    known_objects: Arc<KnownObjects>,
    stores: Vec<StoreSpec>,
    /// One store after the other asks for an id that is not there yet.
    first_use: Mutex<()>,
    /// The stores that were claimed, by the word that each has for its place.
    places: Mutex<BTreeMap<String, StoreSpec>>,
}

impl Claimant {
    /// Touches nothing yet.
    pub(in crate::service) fn new(config: &Config, state_folder: PathBuf) -> Self {
        Self {
            profile: profile(config, &Environment::of_process()),
            known_places: KnownPlaces::new(&state_folder),
            known_objects: Arc::new(KnownObjects::in_folder(&state_folder)),
            identity: Identity::new(state_folder),
            stores: config.stores.clone(),
            first_use: Mutex::new(()),
            places: Mutex::default(),
        }
    }

    /// Opens a store to write, delete or lease there. Fails where only others' backups lie.
    pub(in crate::service) async fn open_to_write(
        &self,
        spec: &StoreSpec,
        policy: RetryPolicy,
    ) -> Result<Store> {
        let store = self.open(spec, policy)?;
        let local = match named(spec) {
            Some(id) => id,
            None => self.id().await?,
        };
        let ownership = self.claim_as(&store, local).await?;
        Ok(store.owned(ownership))
    }

    /// Opens a store to read. Nothing is claimed.
    pub(in crate::service) async fn open_to_read(
        &self,
        spec: &StoreSpec,
        policy: RetryPolicy,
    ) -> Result<Store> {
        let store = self.open(spec, policy)?;
        let local = match named(spec) {
            Some(id) => Some(id),
            None => self.identity.read()?,
        };
        let found = store.owner().await?;
        let standing = judge(local.as_ref(), found.record(), &self.profile);
        let ownership = Ownership::seen(&standing, local.as_ref(), found.record(), &self.profile);
        Ok(store.owned(ownership))
    }

    /// Whose it is is not asked.
    fn open(&self, spec: &StoreSpec, policy: RetryPolicy) -> Result<Store> {
        Ok(Store::open(spec, policy)?.remembering(&self.known_objects))
    }

    /// Why a run could not claim this store, or may not delete there. Nothing is written.
    pub(in crate::service) async fn examine(
        &self,
        spec: &StoreSpec,
        policy: RetryPolicy,
    ) -> Result<()> {
        let store = self.open_to_read(spec, policy).await?;
        let catalogue = store.catalogue().await?;
        match store.owner().await? {
            FoundOwner::Unreadable(why) => Err(unreadable(&store, &why)),
            FoundOwner::None => {
                self.known_places.require_kept(&store).await?;
                let local = match named(spec) {
                    Some(id) => Some(id),
                    None => self.identity.read()?,
                };
                let manifests = catalogue.backups.iter().map(|backup| &backup.manifest);
                adoptable(local.as_ref(), manifests, &self.profile)
                    .map_err(|refused| foreign(&store, &refused.owners))?;
                store.shared(&catalogue).map_or(Ok(()), Err)
            }
            FoundOwner::Record(..) => store.shared(&catalogue).map_or(Ok(()), Err),
        }
    }

    /// This sidecar's id, which is made at its first use.
    async fn id(&self) -> Result<OwnerId> {
        let _one_at_a_time = self.first_use.lock().await;
        if let Some(id) = self.identity.read()? {
            return Ok(id);
        }
        if let Some(id) = self.recognised().await {
            return self.identity.remember(&id);
        }
        let id = OwnerId::random();
        // Replicas that start at the same moment learn their id from the first store that they share, which is
        // more often a bucket than a folder.
        let (buckets, folders): (Vec<_>, Vec<_>) = self
            .stores
            .iter()
            .filter(|spec| named(spec).is_none())
            .partition(|spec| matches!(spec.place, Place::S3(_)));
        for spec in buckets.into_iter().chain(folders) {
            let first = async {
                let store = self.open(spec, RetryPolicy::CHECK)?;
                match store.owner().await? {
                    FoundOwner::None => {
                        self.known_places.require_kept(&store).await?;
                        self.claim_first(&store, &id, None).await
                    }
                    FoundOwner::Record(..) | FoundOwner::Unreadable(_) => Ok(false),
                }
            };
            match first.await {
                Ok(true) => return self.identity.remember(&id),
                Ok(false) => {}
                Err(error) => tracing::debug!(store = spec.name, "not claimed: {error}"),
            }
            if let Some(id) = self.recognised().await {
                return self.identity.remember(&id);
            }
        }
        self.identity.remember(&id)
    }

    /// The id of the first store whose owner backs up the same under the same name: this is a replica, or
    /// has lost its disk.
    async fn recognised(&self) -> Option<OwnerId> {
        let mut asked = Vec::new();
        for spec in &self.stores {
            if named(spec).is_none() {
                asked.push(self.recognises(spec));
            }
        }
        join_all(asked).await.into_iter().flatten().next()
    }

    async fn recognises(&self, spec: &StoreSpec) -> Option<OwnerId> {
        let store = Store::open(spec, RetryPolicy::CHECK).ok()?;
        let found = store.owner().await.ok()?;
        let record = found.record()?;
        if judge(None, Some(record), &self.profile) != Standing::Replica {
            return None;
        }
        let owner = record.described();
        tracing::info!(
            store = spec.name,
            "this sidecar is {owner}, as the store says: it backs up the same"
        );
        Some(record.id.clone())
    }

    async fn claim_as(&self, store: &Store, local: OwnerId) -> Result<Ownership> {
        for _ in 0..TRIES {
            let record = match store.owner().await? {
                FoundOwner::Unreadable(why) => {
                    return Ok(Ownership::unknown(local, &self.profile, &why));
                }
                FoundOwner::Record(record, _) => *record,
                FoundOwner::None => {
                    self.known_places.require_kept(store).await?;
                    if let Err(error) = self.claim_first(store, &local, Some(&local)).await {
                        return self.unclaimed(store, local, error);
                    }
                    continue;
                }
            };
            self.require_apart(store, &record).await?;
            self.known_places.remember(store.spec())?;
            return Ok(match judge(Some(&local), Some(&record), &self.profile) {
                Standing::Owner => Ownership::of(&record),
                _ => Ownership::beside(local, &self.profile, &record),
            });
        }
        let message = format!("whose store `{}` is changes all the time", store.name());
        Err(Error::run("owner-contended", message).hint("see how many sidecars use this prefix"))
    }

    /// Fails if another configured store is this very place, under another address.
    async fn require_apart(&self, store: &Store, record: &OwnerRecord) -> Result<()> {
        let mut places = self.places.lock().await;
        let known = places
            .entry(record.place.clone())
            .or_insert_with(|| store.spec().clone());
        if record.place.is_empty() || known.name == store.name() {
            return Ok(());
        }
        let other = Store::open(known, RetryPolicy::CHECK)?;
        match store.is_same_place(&other).await {
            Ok(true) => Err(same_place(&known.name, store.name())),
            // One was copied from the other, or that one is away.
            Ok(false) | Err(_) => Ok(()),
        }
    }

    /// A store that cannot keep a record is used as one whose owner is not known.
    fn unclaimed(&self, store: &Store, local: OwnerId, error: Error) -> Result<Ownership> {
        if error.kind() == Kind::Config {
            return Err(error);
        }
        let (name, hint) = (store.name(), error.hint_text());
        tracing::warn!(
            store = name,
            hint,
            "cannot write down whose this store is: {error}"
        );
        Ok(Ownership::unknown(
            local,
            &self.profile,
            "which cannot be known",
        ))
    }

    /// Writes the first record of a store. Returns whether no other sidecar was faster.
    async fn claim_first(
        &self,
        store: &Store,
        id: &OwnerId,
        local: Option<&OwnerId>,
    ) -> Result<bool> {
        let catalogue = store.catalogue().await?;
        let manifests = catalogue.backups.iter().map(|backup| &backup.manifest);
        let adopted = adoptable(local, manifests, &self.profile)
            .map_err(|refused| foreign(store, &refused.owners))?;
        if !adopted.is_empty() {
            let (store, count) = (store.name(), adopted.len());
            tracing::info!(store, count, "took over backups that had no owner");
        }
        let record = OwnerRecord::new(id.clone(), &self.profile, clock::now(), adopted);
        store.create_owner(&record).await
    }
}

/// `owner: NAME`
pub(super) fn named(spec: &StoreSpec) -> Option<OwnerId> {
    spec.owner.as_deref().map(OwnerId::named)
}

fn foreign(store: &Store, owners: &BTreeSet<String>) -> Error {
    let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
    let message = format!(
        "store `{}` holds backups of another sidecar ({}), and nothing of this one",
        store.name(),
        owners.join(", ")
    );
    Error::new(Kind::Config, "foreign-store", message).hint(format!(
        "give each its own prefix; if they were made by this one, under another id: `sidecar adopt {}`",
        store.name()
    ))
}

fn unreadable(store: &Store, why: &str) -> Error {
    let message = format!("whose store `{}` is cannot be known: {why}", store.name());
    Error::new(Kind::Config, "owner-unknown", message).hint(format!(
        "allow it to be read, or write it anew: `sidecar adopt {}`. Nothing is deleted until then",
        store.name()
    ))
}
