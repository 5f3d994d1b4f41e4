//! What a sidecar of the model does, in the functions that a real one calls.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use crate::artifact::manifest::Manifest;
use crate::cancel::Cancel;
use crate::clock;
use crate::config::{self, Config, Environment, Tier};
use crate::error::Result;
use crate::retention;
use crate::service::backup::store_upload::make_backup;
use crate::service::catalogue::prune::{PruneExtent, prune_store};
use crate::service::retention_rules::RetentionRules;
use crate::service::set_ties::SetTies;
use crate::store::tests::fixtures;
use crate::store::tests::stepwise::{self, MemoryObjects};
use crate::store::{Store, StoreLock, Stored};

/// How many daily backups the policy holds.
pub(super) const DAILY: usize = 2;
/// How many there are before: the first run has one to delete.
const EARLIER: i64 = 3;

/// What the three sidecars find.
pub(super) struct ModelWorld {
    /// Of each, seconds that the store's clock is ahead of its own.
    pub(super) clocks_ahead: [i64; 3],
    pub(super) ignores_conditions: bool,
    /// When the first of them begins.
    pub(super) begin: Timestamp,
    pub(super) config: Config,
}

impl Default for ModelWorld {
    fn default() -> Self {
        Self {
            clocks_ahead: [0; 3],
            ignores_conditions: false,
            begin: clock::now(),
            config: config(),
        }
    }
}

/// The run of a sidecar: the id of the backup that it calls made.
pub(super) type ModelRun = Pin<Box<dyn Future<Output = Result<Option<String>>>>>;

impl ModelWorld {
    /// The store before, and the ids of what lies there.
    pub(super) fn objects(&self) -> (Arc<Mutex<MemoryObjects>>, Vec<String>) {
        let objects = match self.ignores_conditions {
            true => MemoryObjects::ignoring_conditions(),
            false => MemoryObjects::default(),
        };
        let objects = Arc::new(Mutex::new(objects));
        let store = stepwise::store(&objects, None, 0);
        let ids = (1..=EARLIER).map(|number| {
            let id = format!("earlier-{number}");
            let at = self.begin - SignedDuration::from_hours(24 * (EARLIER + 1 - number));
            let made = async {
                let mut lock = store.try_lock(&id).await?;
                let manifest = Manifest {
                    seq: lock.next_number(u64::try_from(number).ok()).await,
                    ..manifest(&id, at)
                };
                let stored = upload(&store, &mut lock, &manifest).await?;
                let made = lock.commit(&stored, &manifest).await;
                lock.release(true).await;
                made
            };
            futures_util::FutureExt::now_or_never(made)
                .unwrap()
                .unwrap();
            id
        });
        let ids = ids.collect();
        (objects, ids)
    }

    /// The third one prunes, all others back up.
    pub(super) fn run(&self, number: usize, store: Store) -> ModelRun {
        let begun = self.begin + SignedDuration::from_secs(number as i64);
        // Each process has a memory of its own.
        let rules = RetentionRules::new(&self.config, &[], SetTies::default(), Arc::default());
        match number {
            2 => Box::pin(prune(store, rules)),
            _ => Box::pin(back_up(store, rules, format!("of-sidecar-{number}"), begun)),
        }
    }
}

async fn back_up(
    store: Store,
    rules: RetentionRules,
    id: String,
    begun: Timestamp,
) -> Result<Option<String>> {
    let mut lock = store.try_lock(&id).await?;
    let manifest = manifest(&id, begun);
    let made = async {
        let stored = upload(&store, &mut lock, &manifest).await?;
        let made = (&stored, &manifest);
        make_backup(&rules, &store, &mut lock, made, false, &Cancel::new()).await
    };
    let made = made.await;
    let nothing_left = made.as_ref().is_ok_and(|copies| !copies.half_done);
    lock.release(nothing_left).await;
    made.map(|_| Some(id))
}

async fn prune(store: Store, rules: RetentionRules) -> Result<Option<String>> {
    let mut lock = store.try_lock("the one that prunes").await?;
    let cancel = Cancel::new();
    let extent = PruneExtent {
        new: None,
        at_most: Some(retention::ALLOWANCE),
        cancel: &cancel,
    };
    let pruned = prune_store(&store, &rules, extent, Some(&mut lock)).await;
    let finished = pruned.as_ref().is_ok_and(|pruned| !pruned.half_done);
    lock.release(finished).await;
    pruned.map(|_| None)
}

async fn upload(store: &Store, lock: &mut StoreLock, manifest: &Manifest) -> Result<Stored> {
    let filename = &manifest.artifact.filename;
    let free = lock.note_free_key(Tier::Daily, filename, manifest.started_at);
    let key = free.await?;
    let bytes = manifest.id.clone().into_bytes();
    let size = bytes.len() as u64;
    store.put(&key, bytes).await?;
    Ok(Stored {
        object: key.clone(),
        key,
        size,
    })
}

/// Its bytes are its id.
fn manifest(id: &str, at: Timestamp) -> Manifest {
    fixtures::manifest(id, id.as_bytes(), &at.to_string())
}

fn config() -> Config {
    let text = serde_json::json!({
        "capabilities": {"version": "v1", "types": ["model"]},
        "strategy": {"type": "custom", "config": {"command": "true"}},
        "paths": {"workdir": "/model/work", "artifacts": "/model/artifacts", "temp_dump": "/model/dump"},
        "secrets": {"api_token": "of-no-server-at-all"},
        "retention": {"daily": {"last": DAILY}, "monthly": {"days": 365}},
    });
    let environment = Environment::new::<&str, &str>([], "/");
    let config = config::parse(
        Path::new("/model/config.yaml"),
        &text.to_string(),
        &environment,
    );
    config.unwrap()
}
