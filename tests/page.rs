//! The web page, in a browser and to a client that is none.

mod backups;
mod checking;
pub(crate) mod client;
mod command_lines;
mod databases;
mod days;
mod downloads;
mod languages;
mod live;
mod logs;
mod many;
mod odd_names;
mod oidc;
mod one_backup;
mod overview;
mod prefix;
mod restoring;
mod runs;
mod scopes;
mod screens;
mod sets;
mod sign_in;
mod warnings;

use serde_json::{Value, json};

use crate::harness::{Browser, Server, Sidecar, TOKEN, skip};
use client::Client;

/// A browser that has signed in; without one on this machine, none, and the reason is recorded.
fn signed_in(server: &Server) -> Option<Browser> {
    signed_in_at(&server.url)
}

fn signed_in_at(url: &str) -> Option<Browser> {
    let Some(browser) = Browser::start() else {
        skip("the page in a browser", "chromium-driver is not installed");
        return None;
    };
    browser.open(url);
    browser.types("#token", TOKEN).clicks("main button");
    browser.reads("nav", "Overview");
    Some(browser)
}

/// Adds a store in a folder.
fn with_store(sidecar: Sidecar) -> Sidecar {
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path, "prefix": "citus"}]),
    )
}

/// A strategy that backs up what `command` prints, and restores it into the file `state`.
fn custom(command: &str) -> Value {
    json!({
        "type": "custom",
        "artifact": {"filename": "db.dump"},
        "config": {"command": command, "capture_stdout": true, "restore": "cat > \"${SIDE_CAR_RESTORE_INTO:-.}/state\""},
    })
}

/// A backup is made, and its id.
fn backup(sidecar: &Sidecar, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["backup", "--json"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let made = sidecar.run(&all).succeeds().json();
    made["id"].as_str().unwrap().to_owned()
}
