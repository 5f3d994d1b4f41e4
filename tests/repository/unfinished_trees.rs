//! A tree of files that does not come to a good end: it says why, and leaves no snapshot.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::trees::{archiving, data};
use super::{backup, local, require_sound, snapshots};
use crate::archives::living::{hole, while_reading};
use crate::harness::{STOP_LIMIT, Sidecar};

/// A sidecar with one backup, whose next one has to read a large file.
fn with_a_large_file() -> Sidecar {
    let sidecar = archiving();
    fs::create_dir(data(&sidecar)).unwrap();
    fs::write(data(&sidecar).join("small"), "small").unwrap();
    backup(&sidecar);
    hole(&data(&sidecar).join("large"), 64 << 30);
    sidecar
}

#[test]
fn a_run_that_is_cancelled_or_killed_leaves_no_snapshot() {
    for signal in [Signal::TERM, Signal::KILL] {
        let sidecar = with_a_large_file();
        let before = snapshots(&sidecar, &local(&sidecar));
        let running = sidecar.start(&["backup"]);
        while_reading(&running, &data(&sidecar).join("large"), || {});
        running.end_with(signal).ends_within(STOP_LIMIT);
        assert_eq!(snapshots(&sidecar, &local(&sidecar)), before, "{signal:?}");
        fs::remove_file(data(&sidecar).join("large")).unwrap();
        let next = backup(&sidecar);
        assert_eq!(next["artifact"]["repository"]["files"]["unchanged"], 1);
        require_sound(&sidecar);
    }
}

#[test]
fn a_file_that_becomes_shorter_fails_the_run_unless_it_may() {
    for allowed in [false, true] {
        let sidecar = with_a_large_file();
        let large = data(&sidecar).join("large");
        let sidecar = match allowed {
            true => sidecar.set("strategy.config.allow_changed", "data/large"),
            false => sidecar,
        };
        let size = 256 << 20;
        fs::File::options()
            .write(true)
            .open(&large)
            .unwrap()
            .set_len(size)
            .unwrap();
        let running = sidecar.start(&["backup"]);
        while_reading(&running, &large, || {
            let file = fs::File::options().write(true).open(&large).unwrap();
            file.set_len(100).unwrap();
        });
        let done = running.finish().stderr_contains("data/large");
        let found = snapshots(&sidecar, &local(&sidecar)).len();
        if !allowed {
            done.exits(1).stderr_contains("allow_changed");
            assert_eq!(found, 1);
            continue;
        }
        done.succeeds();
        assert_eq!(found, 2);
        let listed = sidecar.run(&["list", "--json"]).succeeds().json();
        let backups = listed["backups"].as_array().unwrap();
        let omissions = backups
            .iter()
            .filter_map(|one| one["manifest"]["omissions"].as_array());
        let codes: Vec<_> = omissions
            .flatten()
            .map(|omission| omission["code"].clone())
            .collect();
        assert_eq!(codes, [json!("shrank")]);
        sidecar.run(&["verify", "--all"]).succeeds();
        let target = sidecar.folder().join("restored");
        fs::create_dir(&target).unwrap();
        sidecar
            .run(&["restore", "latest", "--into", target.to_str().unwrap()])
            .succeeds();
        assert_eq!(fs::metadata(target.join("data/large")).unwrap().len(), size);
    }
}

#[test]
fn a_store_that_takes_nothing_ends_the_run_and_says_why() {
    let sidecar = archiving();
    fs::create_dir(data(&sidecar)).unwrap();
    for number in 0..1000 {
        fs::write(data(&sidecar).join(format!("{number:04}")), "content").unwrap();
    }
    backup(&sidecar);
    let store = sidecar.folder().join("store");
    fs::rename(&store, sidecar.folder().join("away")).unwrap();
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("store local")
        .ends_within(Duration::from_secs(60));
    fs::rename(sidecar.folder().join("away"), &store).unwrap();
    backup(&sidecar);
    require_sound(&sidecar);
}
