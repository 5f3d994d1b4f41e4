//! What the stores hold, and what becomes of it.

use serde_json::json;

use super::{Client, backup, signed_in, with_store};
use crate::harness::Sidecar;

fn sidecar() -> Sidecar {
    with_store(Sidecar::printing("the bytes"))
        .set("retention", json!({"daily": {"days": 30}, "monthly": {}}))
        .set("strategy.config.restore", "cat > state")
}

#[test]
fn a_backup_tells_where_it_is_how_it_is_and_how_long() {
    let sidecar = sidecar();
    backup(&sidecar, &[]);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.clicks("nav li:nth-child(2) a");
    browser.reads("#backups", "daily: within 30 days, until");
    browser.reads("#backups", "monthly: for ever");
    browser.reads("#backups", "Not verified");
    browser.clicks("#backups tbody a");
    browser.reads("main", "Never drilled");
    browser.clicks("form[action$=verify] button");
    browser.reads("main .state", "Verified");
}

#[test]
fn a_damaged_copy_is_shown_with_what_is_wrong() {
    let sidecar = sidecar();
    let id = backup(&sidecar, &[]);
    let daily = sidecar.folder().join("store/citus/daily");
    let artifact = std::fs::read_dir(daily).unwrap().map(|entry| entry.unwrap().path());
    let artifact = artifact.into_iter().find(|path| path.extension().unwrap() == "dat");
    std::fs::write(artifact.unwrap(), "the bytez").unwrap();
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    // What reading tells is an error, and stays beside the backup.
    let read = client.submits(&format!("/ui/backups/{id}/verify"), &[]);
    assert_eq!(read.status, 303, "{read:?}");
    let text = client.reads(&format!("/ui/backups/{id}"));
    assert!(text.contains("Damaged"), "{text}");
    let listed = client.reads("/ui/backups");
    assert!(listed.contains("Damaged"), "{listed}");
}

#[test]
fn the_bytes_can_be_downloaded() {
    let sidecar = sidecar();
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let path = format!("/ui/backups/{id}/artifact");
    let answer = Client::signed_in(&server).gets(&path);
    assert_eq!((answer.status, &answer.body[..]), (200, &b"the bytes"[..]));
    let stranger = Client::new(&server).gets(&path);
    assert!(!stranger.body.windows(9).any(|bytes| bytes == b"the bytes"));
}

#[test]
fn tiers_are_narrowed_down_to() {
    let sidecar = sidecar();
    backup(&sidecar, &[]);
    let second = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let row = format!("id=\"backup-{second}\"");
    assert!(client.reads("/ui/backups?tier=daily").contains(&row));
    let monthly = client.reads("/ui/backups?tier=monthly");
    assert!(!monthly.contains(&row), "{monthly}");
    assert_eq!(monthly.matches("<tr id=\"backup-").count(), 1);
}

#[test]
fn without_stores_the_page_says_what_that_means() {
    let server = Sidecar::printing("x").serve();
    let text = Client::signed_in(&server).reads("/ui/backups");
    assert!(text.contains("No store is configured"), "{text}");
}
