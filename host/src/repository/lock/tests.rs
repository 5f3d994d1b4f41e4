//! Locks in a folder.

use std::path::Path;

use rustic_core::repofile::MasterKey;
use tokio::runtime::Runtime;

use super::*;
use crate::repository::tests::store;

struct LockSetup {
    folder: tempfile::TempDir,
    runtime: Runtime,
    locks: LockFolder,
}

impl LockSetup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            runtime: Runtime::new().unwrap(),
            locks: LockFolder {
                store: store(folder.path()),
                key: MasterKey::new(),
                is_sole_sidecar: false,
            },
            folder,
        }
    }

    fn lock(&self, mode: LockMode) -> Result<RepositoryLock> {
        self.runtime.block_on(self.locks.lock(mode))
    }

    fn release(&self, lock: RepositoryLock) {
        self.runtime.block_on(lock.release());
    }

    fn files(&self) -> Vec<String> {
        let folder = self.folder.path().join("repository/locks");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files
            .map(|file| file.file_name().into_string().unwrap())
            .collect()
    }
}

/// As if its program had been silent for ever.
fn make_old(file: &Path) {
    let file = std::fs::File::open(file).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
}

#[test]
fn many_share_it_and_one_has_it_alone() {
    let setup = LockSetup::new();
    let one = setup.lock(LockMode::Shared).unwrap();
    let two = setup.lock(LockMode::Shared).unwrap();
    let busy = setup.lock(LockMode::Exclusive).err().unwrap();
    assert_eq!(busy.code(), "repository-locked");
    assert!(busy.message().contains("of sidecar on"), "{busy}");
    setup.release(one);
    setup.release(two);
    let one = setup.lock(LockMode::Exclusive).unwrap();
    assert!(setup.lock(LockMode::Shared).is_err());
    assert!(setup.lock(LockMode::Exclusive).is_err());
    setup.release(one);
    assert!(setup.files().is_empty(), "{:?}", setup.files());
}

#[test]
fn what_cannot_be_read_is_heeded_until_it_is_old() {
    let setup = LockSetup::new();
    let folder = setup.folder.path().join("repository/locks");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("0".repeat(64));
    std::fs::write(&file, "of another program").unwrap();
    let busy = setup.lock(LockMode::Shared).err().unwrap();
    assert!(busy.message().contains("cannot be read"), "{busy}");
    make_old(&file);
    setup.release(setup.lock(LockMode::Exclusive).unwrap());
    assert_eq!(setup.files().len(), 1, "it is left to its program");
}

#[test]
fn a_dead_sidecars_lock_goes_where_no_other_one_can_be_at_work() {
    let mut setup = LockSetup::new();
    std::mem::forget(setup.lock(LockMode::Exclusive).unwrap());
    assert!(setup.lock(LockMode::Shared).is_err());
    setup.locks.is_sole_sidecar = true;
    setup.release(setup.lock(LockMode::Exclusive).unwrap());
    assert!(setup.files().is_empty(), "{:?}", setup.files());
}

#[test]
fn a_renewal_is_a_new_file_in_place_of_the_old_one() {
    let setup = LockSetup::new();
    let lock = setup.lock(LockMode::Shared).unwrap();
    let first = setup.files();
    let renewal = Duration::from_millis(1);
    let renewing = renew(
        setup.locks.clone(),
        LockMode::Shared,
        lock.at.clone(),
        renewal,
    );
    let renewing = setup.runtime.spawn(renewing);
    let renewed = || {
        let files = setup.files();
        files.len() == 1 && files != first
    };
    while !renewed() {
        std::thread::yield_now();
    }
    setup.release(lock);
    renewing.abort();
    let ended = setup.runtime.block_on(renewing);
    assert!(ended.unwrap_err().is_cancelled());
}
