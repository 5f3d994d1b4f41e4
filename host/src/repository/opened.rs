//! Making and opening a repository.

use std::sync::Arc;

use bytesize::ByteSize;
use rustic_core::{
    ConfigOptions, Credentials, FileType, Id, KeyOptions, OpenStatus, Repository,
    RepositoryBackends, RepositoryOptions, RusticError, WriteBackend,
};
use tokio::runtime::Handle;

use super::backend::{StoreBackend, key};
use super::error::guarded;
use super::gate::VerdictGate;
use super::index_view::{IndexView, ReplacedIndexes};
use super::{damage, escrow, key_file, master_keys};
use crate::config::RepositorySpec;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{REPOSITORY, Store};

/// A repository of which the password was right.
pub(super) type Opened = Repository<OpenStatus>;

/// What the configuration says of the repository of `store`.
pub(super) fn spec(store: &Store) -> Result<&RepositorySpec> {
    store.spec().repository().ok_or_else(|| {
        let name = store.name();
        let message = format!(
            "a backup in store `{name}` lies in a repository, and the configuration has none"
        );
        Error::new(Kind::Config, "repository-not-configured", message)
            .hint("add `layout: repository` and `repository.password_file` to the store")
    })
}

/// Opens the repository, to see its index in this way. Blocks: not for a thread of the event loop.
pub(super) fn open(
    store: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
    view: IndexView,
) -> Result<Opened> {
    let spec = spec(store)?;
    match driver.block_on(config(store))? {
        Some(config) => open_with(store, driver, gate, spec, &config, view),
        None => {
            driver.block_on(require_none(store))?;
            let message = format!("store `{}` has no repository yet", store.name());
            Err(Error::new(Kind::NotFound, "no-repository", message)
                .hint("the first backup makes it"))
        }
    }
}

/// Opens it to make backups; makes it if there is none. The store's lock must be held.
pub(super) fn open_or_make(
    store: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
) -> Result<Opened> {
    let spec = spec(store)?;
    let opened = match driver.block_on(config(store))? {
        Some(config) => open_with(store, driver, gate, spec, &config, IndexView::Writing)?,
        None => make(store, driver, gate, spec)?,
    };
    driver.block_on(escrow::write(store, spec))?;
    Ok(opened)
}

fn open_with(
    store: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
    spec: &RepositorySpec,
    config: &[u8],
    view: IndexView,
) -> Result<Opened> {
    let name = master_keys::name(config, &spec.password);
    let credentials = master_keys::credentials(&name, &spec.password);
    let indexes = Arc::default();
    let opened = guarded(store, gate, || {
        repository(&indexes, store, driver, gate)?.open(&credentials)
    })?;
    master_keys::remember(name, opened.key());
    let damaged = driver.block_on(damage::known_damage(store))?;
    indexes.hide(store, gate, &opened, &damaged, view)?;
    Ok(opened)
}

fn make(
    store: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
    spec: &RepositorySpec,
) -> Result<Opened> {
    driver.block_on(remove_stray_keys(store))?;
    let pack = u32::try_from(spec.pack_size).unwrap_or(u32::MAX);
    // Objects of one size: with growing ones, what is held in memory would grow with the repository.
    let options = ConfigOptions::default()
        .set_version(2_u32)
        .set_compression(spec.level)
        .set_datapack_size(ByteSize(u64::from(pack)))
        .set_treepack_size(ByteSize(u64::from(pack).min(4 << 20)))
        .set_datapack_growfactor(0_u32)
        .set_treepack_growfactor(0_u32);
    let (master, file) = key_file::new(&spec.password)?;
    let id = Digest::of_bytes(&file);
    driver.block_on(store.put(&format!("{REPOSITORY}keys/{id}"), file))?;
    let credentials = Credentials::Masterkey(master);
    let opened = guarded(store, gate, || {
        repository(&Arc::default(), store, driver, gate)?.init(
            &credentials,
            &KeyOptions::default(),
            &options,
        )
    })?;
    if let Some(config) = driver.block_on(config(store))? {
        master_keys::remember(master_keys::name(&config, &spec.password), opened.key());
    }
    tracing::info!(
        store = store.name(),
        "made a repository: restic opens it with the same password"
    );
    Ok(opened)
}

/// Keys of a repository that was not made to its end: with the same password they would open first, and
/// fit nothing.
async fn remove_stray_keys(store: &Store) -> Result<()> {
    require_none(store).await?;
    for stray in store.list(&format!("{REPOSITORY}keys/")).await? {
        store.delete(&stray.key).await?;
    }
    Ok(())
}

/// Fails if there is one that has lost its own file.
async fn require_none(store: &Store) -> Result<()> {
    for folder in ["snapshots", "index"] {
        let folder = format!("{REPOSITORY}{folder}/");
        if !store.list(&folder).await?.is_empty() {
            let shown = store.shown(&key(FileType::Config, &Id::default()));
            let message = format!(
                "the repository of store `{}` has lost {shown}",
                store.name()
            );
            return Err(
                Error::new(Kind::Verification, "repository-damaged", message).hint(
                    "bring that file back from where it went: without it nothing can be read",
                ),
            );
        }
    }
    Ok(())
}

/// Whether the store has a repository.
pub(super) async fn is_there(store: &Store) -> Result<bool> {
    let key = key(FileType::Config, &Id::default());
    Ok(store.size(&key).await?.is_some())
}

/// The repository's own file, as it lies there.
async fn config(store: &Store) -> Result<Option<Vec<u8>>> {
    let key = key(FileType::Config, &Id::default());
    match store.size(&key).await? {
        Some(_) => store.get(&key).await.map(Some),
        None => Ok(None),
    }
}

fn repository(
    indexes: &Arc<ReplacedIndexes>,
    store: &Store,
    driver: &Handle,
    gate: &Arc<VerdictGate>,
) -> Result<Repository<()>, Box<RusticError>> {
    let backend: Arc<dyn WriteBackend> =
        Arc::new(StoreBackend::showing(indexes, store, driver, gate));
    let options = RepositoryOptions::default().no_cache(true);
    Repository::new(&options, &RepositoryBackends::new(backend, None))
}
