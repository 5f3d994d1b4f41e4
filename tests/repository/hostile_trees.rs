//! A module that makes a tree as it must not: it is told why, and there is no snapshot.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{backup, local, require_sound, snapshots};
use crate::harness::{Finished, Sidecar, component};

/// A sidecar whose module carries out these steps of a tree, beside a repository.
fn planting(steps: &[&str]) -> Sidecar {
    let sidecar = Sidecar::new().strategy("prober").set(
        "modules.prober.source",
        component("prober").to_str().unwrap(),
    );
    let folder = sidecar.folder().to_owned();
    for name in ["granted", "granted/sub", "secret"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    fs::write(folder.join("granted/file"), "granted").unwrap();
    fs::write(folder.join("secret/file"), "what no module may see").unwrap();
    symlink("../secret/file", folder.join("granted/link")).unwrap();
    let store = local(&sidecar);
    sidecar
        .set("strategy.timeout", 0)
        .set("stores", json!([store]))
        .set("strategy.config.tree", json!(steps))
        .set("strategy.config.read", json!([folder.join("granted")]))
        .set("modules.prober.allow.read", json!([folder.join("granted")]))
}

/// What the log says of each step.
fn said(done: &Finished) -> Vec<String> {
    let entries = done.stderr.lines();
    let entries = entries.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let step = |entry: Value| {
        let said = entry["message"].as_str()?.strip_prefix("tree: ")?;
        Some(said.rsplit_once(": ")?.1.to_owned())
    };
    entries.filter_map(step).collect()
}

#[test]
fn what_must_not_be_in_a_tree_is_refused_and_no_snapshot_is_made() {
    for (steps, results) in [
        // Names that lead out, or are none.
        (
            &["../file file", "finish"][..],
            &["bad-name", "nothing-generated"][..],
        ),
        (
            &["/etc/file file", "finish"],
            &["bad-name", "nothing-generated"],
        ),
        (&["a/../../b file"], &["bad-name"]),
        (&["a\\0b file"], &["bad-name"]),
        (&["a// file"], &["bad-name"]),
        (&[". file"], &["bad-name"]),
        // Twice, or out of order.
        (
            &["a file", "a file", "finish"],
            &["done", "bad-order", "done"],
        ),
        (
            &["b file", "a file", "finish"],
            &["done", "bad-order", "done"],
        ),
        (
            &["a/b file", "a sub", "finish"],
            &["done", "bad-order", "done"],
        ),
        (
            &["a file", "a/b file", "finish"],
            &["done", "bad-order", "done"],
        ),
        // No end, nothing in it, more behind it.
        (&["a file"], &["done"]),
        (&["finish"], &["nothing-generated"]),
        (
            &["a file", "finish", "b file"],
            &["done", "done", "tree-finished"],
        ),
        (
            &["a file", "finish", "finish"],
            &["done", "done", "tree-finished"],
        ),
        // An artifact beside it.
        (&["a file", "finish", "write"], &["done", "done", "done"]),
    ] {
        let sidecar = planting(steps);
        let done = sidecar.run(&["backup"]).exits(1);
        assert_eq!(said(&done), results, "{steps:?}: {done:?}");
        let store = local(&sidecar);
        assert_eq!(
            super::restic(&sidecar, &store, &["snapshots", "--json"])
                .stdout
                .matches("\"id\"")
                .count(),
            0
        );
    }
}

#[test]
fn what_was_not_granted_does_not_get_into_a_tree() {
    let steps = [
        "a ../secret/file",
        "b link",
        "c missing",
        "d file",
        "finish",
    ];
    let sidecar = planting(&steps);
    let manifest = backup(&sidecar);
    assert_eq!(manifest["artifact"]["repository"]["files"]["entries"], 2);
    let store = local(&sidecar);
    let listed = super::restic(&sidecar, &store, &["dump", "latest", "/prober/d"]).succeeds();
    assert_eq!(listed.stdout, "granted");
    // The link is one, and leads where it led.
    let listed = super::restic(&sidecar, &store, &["ls", "-l", "latest"]).succeeds();
    assert!(
        listed.stdout.contains("/prober/b -> ../secret/file"),
        "{listed:?}"
    );
    assert_eq!(snapshots(&sidecar, &store).len(), 1);
    require_sound(&sidecar);
}
