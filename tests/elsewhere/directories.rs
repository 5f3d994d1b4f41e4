//! Directories and files.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::json;

use super::drilling;
use crate::harness::{Sidecar, sh};

/// Archives `data`, with a store.
fn archiving() -> Sidecar {
    let sidecar = Sidecar::new();
    for name in ["data", "store", "elsewhere"] {
        std::fs::create_dir(sidecar.folder().join(name)).unwrap();
    }
    std::fs::write(sidecar.folder().join("data/f"), "old").unwrap();
    let path = |name: &str| sidecar.folder().join(name).display().to_string();
    let (data, store) = (path("data"), path("store"));
    sidecar
        .strategy("file_archive")
        .set("strategy.config.paths", json!(["*"]))
        .set("strategy.config.base_dir", data)
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store}]),
        )
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn into_the_directory_that_is_archived_nothing_is_replaced_under_another_name() {
    let sidecar = archiving();
    sidecar.backup().succeeds();
    let file = sidecar.folder().join("data/f");
    std::fs::write(&file, "new").unwrap();
    symlink("data", sidecar.folder().join("link")).unwrap();
    for into in ["link", "elsewhere/../data"] {
        let into = sidecar.folder().join(into).display().to_string();
        sidecar
            .run(&["restore", "latest", "--replace", "--into", &into])
            .exits(3)
            .stderr_contains("is the directory that is archived");
        assert_eq!(read(&file), "new");
    }
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    assert_eq!(read(&file), "old");
}

#[test]
fn the_sidecars_own_folders_are_no_target() {
    let sidecar = archiving();
    let cache = sidecar.folder().join("own-cache");
    std::fs::create_dir(&cache).unwrap();
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o700)).unwrap();
    let cache = cache.display().to_string();
    let sidecar = sidecar.env("SIDECAR_CACHE_DIR", &cache);
    sidecar.backup().succeeds();
    symlink("artifacts/.sidecar", sidecar.folder().join("link")).unwrap();
    for into in [
        "artifacts",
        "artifacts/.sidecar",
        "artifacts/new/deep",
        "own-cache",
        "store",
        "store/daily",
        "link",
        "",
    ] {
        let path = sidecar.folder().join(into).display().to_string();
        sidecar
            .run(&["restore", "latest", "--into", &path])
            .exits(3)
            .stderr_contains("cannot be restored into");
        assert!(!sidecar.folder().join(into).join("f").exists(), "{into}");
    }
    let file = format!("sqlite://{}/app.db", sidecar.artifacts().display());
    sidecar
        .run(&["restore", "latest", "--into", &file])
        .exits(3)
        .stderr_contains("cannot be restored into");
    let elsewhere = sidecar.folder().join("elsewhere");
    sidecar
        .run(&["restore", "latest", "--into", elsewhere.to_str().unwrap()])
        .succeeds();
    assert_eq!(read(&elsewhere.join("f")), "old");
}

#[test]
fn a_drill_removes_nothing_that_was_there_before() {
    let sidecar = archiving();
    sidecar.backup().succeeds();
    let scratch = sidecar.folder().join("elsewhere");
    for name in [
        "sidecar-drill",
        "sidecar_drill_id",
        "sidecar_drill_0123456789",
    ] {
        std::fs::create_dir(scratch.join(name)).unwrap();
        std::fs::write(scratch.join(name).join("mine"), "x").unwrap();
    }
    let sidecar = drilling(sidecar, scratch.to_str().unwrap())
        .set("drill.check", json!(["test $(cat f) = old"]));
    sidecar.check().succeeds();
    sidecar.run(&["drill"]).succeeds();
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 3);
    assert_eq!(read(&scratch.join("sidecar-drill/mine")), "x");
}

#[test]
fn a_sqlite_file_is_recognised_through_a_link() {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("app.db");
    let sql = |statement: &str| {
        sh(&format!("sqlite3 '{}' '{statement}'", file.display()))
            .succeeds()
            .stdout
    };
    sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let sidecar = sidecar
        .strategy("database_dump")
        .set("strategy.config.engine", "sqlite")
        .set("strategy.config.url", file.to_str().unwrap());
    sidecar.backup().succeeds();
    sql("INSERT INTO t VALUES (2)");
    let links = sidecar.folder().join("links");
    std::fs::create_dir(&links).unwrap();
    symlink(&file, links.join("app.db")).unwrap();
    let link = format!("sqlite://{}", links.join("app.db").display());
    let sidecar = super::is_protected(sidecar, &link);
    sidecar
        .run(&["restore", "latest", "--replace", "--into", &link])
        .exits(1)
        .stderr_contains("is the server that is backed up");
    assert_eq!(sql("SELECT count(*) FROM t"), "2\n");

    let scratch = sidecar.folder().join("scratch");
    let sidecar = drilling(sidecar, scratch.to_str().unwrap()).set(
        "drill.check",
        json!(["test $(sqlite3 app.db 'SELECT count(*) FROM t') = 1"]),
    );
    sidecar.check().succeeds();
    sidecar.run(&["drill"]).succeeds();
    assert_eq!(sql("SELECT count(*) FROM t"), "2\n");
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}
