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
    browser.reads("h1", "Verification");
    browser.reads("#run .state", "Succeeded");
    browser.reads("#run", "What was read");
    browser.reads("#run .parts", "local daily/");
    browser.clicks("#run .actions a");
    browser.reads("main .state", "Verified");
    browser.open(&format!("{}/ui/runs?kind=verify", server.url));
    browser.reads("#runs", "Verification");
}

#[test]
fn a_damaged_copy_is_shown_with_what_is_wrong() {
    let sidecar = sidecar();
    let id = backup(&sidecar, &[]);
    let daily = sidecar.folder().join("store/citus/daily");
    let artifact = std::fs::read_dir(daily)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let artifact = artifact
        .into_iter()
        .find(|path| path.extension().unwrap() == "dat");
    std::fs::write(artifact.unwrap(), "the bytez").unwrap();
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    // What reading tells is how the run ends, and stays beside the backup.
    let read = client.submits(&format!("/ui/backups/{id}/verify"), &[]);
    assert_eq!(read.status, 303, "{read:?}");
    let (_, run) = read.header("location").rsplit_once('/').unwrap();
    let job = server.over(&format!("/backup/jobs/{run}"));
    assert_eq!(job["error"]["code"], "altered", "{job}");
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
fn an_archive_is_looked_into_folder_by_folder() {
    let sidecar = with_store(Sidecar::new())
        .strategy("file_archive")
        .set("strategy.config.paths", json!(["uploads"]));
    std::fs::create_dir_all(sidecar.workdir().join("uploads/docs")).unwrap();
    for name in ["uploads/a.txt", "uploads/docs/b.txt"] {
        std::fs::write(sidecar.workdir().join(name), name).unwrap();
    }
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/backups/{id}", server.url));
    browser.clicks("a[href='?inside=1#inside']");
    browser.clicks("fieldset a[aria-label='Open uploads']");
    browser.reads("fieldset", "uploads/a.txt");
    browser.types("#match", "B.TXT").clicks(".search button");
    browser.reads("fieldset", "uploads/docs/b.txt");
    assert!(!browser.text("fieldset").contains("a.txt"));
    browser
        .clicks("input[name=only]")
        .clicks("form[action*=restore] button");
    browser.reads("h1", "What should come back?");
    let ticked =
        browser.evaluates("return document.querySelector('input:checked + span').innerText");
    assert_eq!(ticked, "uploads/docs/b.txt");
}

#[test]
fn without_stores_the_page_says_what_that_means() {
    let server = Sidecar::printing("x").serve();
    let text = Client::signed_in(&server).reads("/ui/backups");
    assert!(text.contains("No store is configured"), "{text}");
}
