//! Volumes that are full, have no inode left, are read-only or of another user: the run fails and says what to do,
//! nothing is published, and the next one succeeds as soon as that is done.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::{Finished, Lack, Sidecar, Volume, sh, skip};

const NOBODY: u32 = 65534;
const INODES: u32 = 60;

/// Where a volume is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Artifacts,
    Store,
}

impl Place {
    fn of(self, sidecar: &Sidecar) -> PathBuf {
        match self {
            Self::Artifacts => sidecar.artifacts(),
            Self::Store => sidecar.folder().join("store"),
        }
    }
}

/// A sidecar with a folder store, and one backup there.
fn sidecar_on(place: Place) -> Result<(Sidecar, Volume), String> {
    let sidecar = Sidecar::new().command("seq 1 300000").capture();
    let store = sidecar.folder().join("store");
    let image = sidecar.folder().join("image");
    let volume = Volume::mount(&place.of(&sidecar), &image, INODES)?;
    std::fs::create_dir_all(&store).unwrap();
    let store = json!([{"name": "local", "type": "fs", "path": store, "prefix": "app"}]);
    let sidecar = sidecar.set("stores", store);
    sidecar.backup().succeeds();
    Ok((sidecar, volume))
}

fn listed(sidecar: &Sidecar) -> BTreeSet<String> {
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap().iter();
    backups
        .map(|one| one["manifest"]["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The run fails at that place, and no backup is listed because of it.
fn fails_at(sidecar: &Sidecar, place: &Path) -> Finished {
    let before = listed(sidecar);
    let failed = sidecar.backup();
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    assert_eq!(listed(sidecar), before, "{failed:#?}");
    failed.stderr_contains(place.to_str().unwrap())
}

/// The next run succeeds, and brings what a store has missed.
fn recovers(sidecar: &Sidecar, backups: usize) {
    sidecar.backup().succeeds();
    assert_eq!(listed(sidecar).len(), backups);
    sidecar.run(&["verify", "--all"]).succeeds();
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn without_room_the_run_says_how_much_is_needed_and_the_next_one_succeeds_once_there_is_some() {
    let test = "volumes::without_room_the_run_says_how_much_is_needed";
    for (place, backups) in [(Place::Artifacts, 2), (Place::Store, 3)] {
        for (lack, words) in [
            (Lack::Bytes, " bytes"),
            (Lack::Inodes, "inodes are needed in"),
        ] {
            let (sidecar, volume) = match sidecar_on(place) {
                Ok(on_volume) => on_volume,
                Err(why) => return skip(test, &why),
            };
            volume.take(lack);
            fails_at(&sidecar, &place.of(&sidecar)).stderr_contains(words);
            volume.give_back();
            recovers(&sidecar, backups);
        }
    }
}

#[test]
fn a_volume_that_is_read_only_is_named_and_the_next_run_succeeds_once_it_is_not() {
    let test = "volumes::a_volume_that_is_read_only_is_named";
    for (place, backups) in [(Place::Artifacts, 2), (Place::Store, 3)] {
        let (sidecar, volume) = match sidecar_on(place) {
            Ok(on_volume) => on_volume,
            Err(why) => return skip(test, &why),
        };
        volume.remount("ro");
        fails_at(&sidecar, &place.of(&sidecar)).stderr_contains("mount");
        volume.remount("rw");
        recovers(&sidecar, backups);
    }
}

#[test]
fn a_folder_of_another_user_is_named_with_the_user_and_the_next_run_succeeds_once_it_is_not() {
    if !rustix::process::geteuid().is_root() {
        return skip(
            "volumes::a_folder_of_another_user_is_named",
            "only root can become another user",
        );
    }
    for (place, backups) in [(Place::Artifacts, 2), (Place::Store, 3)] {
        let sidecar = Sidecar::new().command("seq 1 1000").capture().user(NOBODY);
        let store = Place::Store.of(&sidecar);
        std::fs::create_dir(&store).unwrap();
        let own = |path: &Path, user: u32| {
            sh(&format!(
                "chown -R {user} '{0}' && chmod 700 '{0}'",
                path.display()
            ))
            .succeeds();
        };
        own(&store, NOBODY);
        own(&sidecar.artifacts(), NOBODY);
        let store = json!([{"name": "local", "type": "fs", "path": store, "prefix": "app"}]);
        let sidecar = sidecar.set("stores", store);
        sidecar.backup().succeeds();
        let folder = place.of(&sidecar);
        sh(&format!("chown 0 '{}'", folder.display())).succeeds();
        let failed = sidecar.backup();
        assert_eq!(failed.code, Some(1), "{failed:#?}");
        failed
            .stderr_contains(folder.to_str().unwrap())
            .stderr_contains(&format!("uid {NOBODY}"));
        own(&folder, NOBODY);
        recovers(&sidecar, backups);
    }
}
