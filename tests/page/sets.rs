//! A set comes back from the page, whole or in part, and what would happen to each member is read first.

use std::fs;

use serde_json::json;

use super::{backup, signed_in, with_store};
use crate::harness::{Browser, Server, Sidecar};

/// A state and some uploads as a set, both of which have changed since; the set.
fn changed() -> (Sidecar, String) {
    let sidecar = with_store(Sidecar::new());
    fs::create_dir(sidecar.workdir().join("uploads")).unwrap();
    fs::write(sidecar.workdir().join("uploads/a.txt"), "before").unwrap();
    fs::write(sidecar.workdir().join("state"), "before").unwrap();
    let mut db = super::custom("cat state");
    db["config"]["restore"] = json!("cat > state");
    let sidecar = sidecar.strategies(json!({
        "db": db,
        "uploads": {
            "type": "filesystem",
            "artifact": {"filename": "uploads.tar"},
            "config": {"paths": ["uploads"]},
        },
    }));
    let set = backup(&sidecar, &[]);
    fs::write(sidecar.workdir().join("state"), "after").unwrap();
    fs::remove_file(sidecar.workdir().join("uploads/a.txt")).unwrap();
    (sidecar, set)
}

fn state(sidecar: &Sidecar) -> String {
    fs::read_to_string(sidecar.workdir().join("state")).unwrap()
}

fn upload(sidecar: &Sidecar) -> Option<String> {
    fs::read_to_string(sidecar.workdir().join("uploads/a.txt")).ok()
}

fn opened(server: &Server, set: &str) -> Option<Browser> {
    let browser = signed_in(server)?;
    browser.open(&format!("{}/ui/backups/{set}", server.url));
    browser.clicks("form[action*=restore] button");
    browser.reads("h1", "What should come back?");
    browser.reads("main form", "All of uploads");
    Some(browser)
}

#[test]
fn all_of_a_set_comes_back() {
    let (sidecar, set) = changed();
    let server = sidecar.serve();
    let Some(browser) = opened(&server, &set) else {
        return;
    };
    browser.clicks("main form button");
    // One place is none for two strategies.
    browser.reads("main", "one strategy at a time");
    browser.clicks("main form button");
    browser.reads("h1", "Read what will happen");
    browser.reads("main", "db: What happens");
    browser.reads("main", "uploads: What happens");
    // A line of the configuration would write over what is there.
    browser.reads("main", "The commands below decide");
    browser.clicks("form[method=post].stack button");
    browser.reads("#run .state", "Succeeded");
    browser.reads("#run .parts", "uploads/");
    assert_eq!(
        (state(&sidecar).as_str(), upload(&sidecar).as_deref()),
        ("before", Some("before"))
    );
}

#[test]
fn a_set_says_what_is_in_it_and_its_run_what_became_of_each() {
    let (sidecar, set) = changed();
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("#members", "set of db and uploads");
    browser.open(&format!("{}/ui/runs/{set}", server.url));
    let members = browser.reads("main", "Members");
    assert!(
        members.contains("db ") && members.contains("uploads "),
        "{members}"
    );
}

#[test]
fn one_member_comes_back_and_the_others_stay() {
    let (sidecar, set) = changed();
    let server = sidecar.serve();
    let Some(browser) = opened(&server, &set) else {
        return;
    };
    browser
        .clicks("input[value=uploads]")
        .clicks("main form button");
    browser.reads("h1", "Where should it come back to?");
    browser.clicks("main form button");
    let read = browser.reads("main", "uploads: What happens");
    assert!(!read.contains("db: What happens"), "{read}");
    browser.clicks("form[method=post].stack button");
    browser.reads("#run .state", "Succeeded");
    assert_eq!(
        (state(&sidecar).as_str(), upload(&sidecar).as_deref()),
        ("after", Some("before"))
    );
}

#[test]
fn to_replace_members_their_names_are_typed() {
    let (sidecar, set) = changed();
    fs::write(sidecar.workdir().join("uploads/a.txt"), "after").unwrap();
    let server = sidecar.serve();
    let Some(browser) = opened(&server, &set) else {
        return;
    };
    browser.clicks("main form button");
    browser
        .clicks("input[value=replace]")
        .clicks("main form button");
    browser.reads("button.danger", "Replace db, uploads");
    browser.types("#typed", "db").clicks("button.danger");
    browser.reads("#problem", "is another one");
    assert_eq!(upload(&sidecar).as_deref(), Some("after"));
    browser
        .types("#typed", "db, uploads")
        .clicks("button.danger");
    browser.reads("#run .state", "Succeeded");
    assert_eq!(upload(&sidecar).as_deref(), Some("before"));
}
