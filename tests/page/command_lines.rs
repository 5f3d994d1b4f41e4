//! Under what the page does stands what does the same in a shell: it is run as it is written there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;

use super::{Client, backup, with_store};
use crate::harness::{Finished, Server, Sidecar, sh};

/// A name that a shell takes apart unless it is quoted.
const FILE: &str = "it's $HOME & a=b.db";

/// The lines of a screen, as a person copies them.
fn lines(server: &Server, path: &str) -> Vec<String> {
    let text = Client::signed_in(server).reads(path);
    let blocks = text.split("<details class=\"command\">").skip(1);
    let blocks = blocks.filter_map(|block| block.split("</details>").next());
    let lines = blocks.flat_map(|block| block.split("<code>").skip(1));
    let lines = lines.filter_map(|line| line.split("</code>").next());
    let plain = |line: &str| {
        let line = line.replace("&#39;", "'").replace("&#38;", "&");
        line.replace("&#34;", "\"").replace("&#60;", "<")
    };
    lines.map(plain).collect()
}

/// Runs a line in the folder of the sidecar, with the program in the path.
fn types(sidecar: &Sidecar, line: &str) -> Finished {
    let folder = sidecar.folder();
    let bin = folder.join("bin");
    if !bin.exists() {
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_sidecar"), bin.join("sidecar")).unwrap();
    }
    sh(&format!(
        "cd '{folder}' && export PATH='{folder}/bin':\"$PATH\" SIDECAR_CONFIG_PATH='{folder}/config.yaml' \
         XDG_CACHE_HOME='{cache}'\n{line}",
        folder = folder.display(),
        cache = env!("CARGO_TARGET_TMPDIR"),
    ))
}

#[test]
fn what_stands_under_an_action_does_it() {
    let sidecar = with_store(Sidecar::new());
    let place = sidecar.folder().join("another place.db");
    let file = sidecar.workdir().join(FILE);
    let rows = |file: &Path| {
        let done = sql(file, "SELECT x FROM t");
        done.stdout.trim().to_owned()
    };
    let sidecar = sidecar
        .strategy("database_dump")
        .set("strategy.config", json!({"engine": "sqlite", "url": file}))
        .set("restore.targets", json!([{"name": "place", "into": place}]));
    sql(&file, "CREATE TABLE t (x); INSERT INTO t VALUES ('before')").succeeds();
    let id = backup(&sidecar, &[]);
    sql(&file, "UPDATE t SET x = 'after'").succeeds();
    let server = sidecar.serve();
    let only = "only=it%27s%20%24HOME%20%26%20a%3Db.db";
    let read = |rest: &str| {
        let path = format!("/ui/restore/{id}/read?{only}&{rest}");
        let lines = lines(&server, &path);
        let [line] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        line.clone()
    };

    let copy = sidecar.workdir().join("the copy");
    let beside = read("to=names&name%3Ait%27s%20%24HOME%20%26%20a%3Db.db=the%20copy");
    types(&sidecar, &beside).succeeds();
    assert_eq!(
        (rows(&copy).as_str(), rows(&file).as_str()),
        ("before", "after")
    );

    let elsewhere = read("to=target&target=place");
    assert!(elsewhere.ends_with("--into place"), "{elsewhere}");
    types(&sidecar, &elsewhere).succeeds();
    assert_eq!(rows(&place), "before");

    let original = read("to=original");
    types(&sidecar, &original).exits(1);
    assert_eq!(rows(&file), "after");
    types(&sidecar, &read("to=replace")).succeeds();
    assert_eq!(rows(&file), "before");

    // Those of the backup itself: verify, restore, fetch.
    let of_backup = lines(&server, &format!("/ui/backups/{id}"));
    let of_backup: Vec<&str> = of_backup.iter().map(String::as_str).collect();
    assert_eq!(of_backup.len(), 3, "{of_backup:?}");
    assert_eq!(of_backup[0], format!("sidecar verify {id}"));
    types(&sidecar, of_backup[0]).succeeds();
    types(&sidecar, of_backup[2]).succeeds();
    assert!(sidecar.folder().join("backup.dat").exists());
}

fn sql(file: &Path, statement: &str) -> Finished {
    let file = file.display().to_string().replace('\'', r"'\''");
    sh(&format!("sqlite3 '{file}' \"{statement}\""))
}
