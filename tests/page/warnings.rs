//! A backup that lacks something, or is to be looked at, looks like it in every list.

use super::{Client, backup, signed_in};
use crate::harness::Fleet;
use crate::omissions::without_a_letter;

#[test]
fn a_backup_that_lacks_something_says_so_wherever_it_is_listed() {
    let sidecar = without_a_letter();
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("#members", "It has 1 warning.");
    browser.clicks("#members .warned a");
    browser.reads("main", "1 thing left out");
    for (path, selector, says) in [
        ("ui/backups", "#backups tbody", "1 thing left out"),
        ("ui/runs", "#runs tbody", "Succeeded, with 1 warning"),
        (
            &format!("ui/runs/{id}"),
            "#run .state",
            "Succeeded, with 1 warning",
        ),
    ] {
        browser.open(&format!("{}/{path}", server.url));
        browser.reads(selector, says);
    }
}

#[test]
fn runs_with_warnings_are_found_and_a_complete_one_has_none() {
    let sidecar = without_a_letter();
    let lacking = backup(&sidecar, &[]);
    std::fs::write(sidecar.folder().join("letter.txt"), "Dear").unwrap();
    backup(&sidecar, &[]);
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let found = client.reads("/ui/runs?state=warned");
    assert_eq!(found.matches("<tr id=\"run-").count(), 1, "{found}");
    assert!(
        found.contains(&format!("<tr id=\"run-{lacking}")),
        "{found}"
    );
    assert!(!client.reads("/").contains("It has 1 warning."));
    let spanish = client.reads("/ui/backups?lang=es");
    assert_eq!(spanish.matches("1 elemento no incluido").count(), 1);
    let status = server.get("/backup/status").json();
    assert_eq!(status["members"][0]["last_good"].get("warnings"), None);
}

#[test]
fn a_fleet_shows_whose_last_backup_has_warnings() {
    let sidecar = Fleet::member(without_a_letter());
    backup(&sidecar, &[]);
    let server = sidecar.serve();
    let fleet = Fleet::new().shows("shop", &server).serve();
    let page = crate::fleet::FleetPage::of(&fleet);
    page.says("shop", "with warnings");
    page.says("shop", "Up to date");
}
