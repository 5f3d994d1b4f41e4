//! What is wrong, of which member, since when and why: within ten seconds.

use serde_json::json;

use super::{backup, custom, signed_in, with_store};
use crate::harness::{Clock, Sidecar};

#[test]
fn the_member_that_is_late_comes_first_and_says_why() {
    let clock = Clock::at("2026-06-01T02:00:00Z");
    let daily = json!([{"cron": "0 3 * * *"}]);
    let member = |command: &str| {
        let mut member = custom(command);
        member["schedule"] = daily.clone();
        member
    };
    let sidecar = with_store(Sidecar::new()).strategies(json!({
        "db": member("echo db"),
        "uploads": member("test ! -e broken || { echo 'no space left on store minio' >&2; exit 1; }; echo files"),
    }));
    let sidecar = clock.rules(sidecar);
    backup(&sidecar, &[]);
    for day in ["2026-06-01", "2026-06-02"] {
        clock.set(&format!("{day}T03:00:05Z"));
        backup(&sidecar, &["--strategy", "db"]);
    }
    std::fs::write(sidecar.workdir().join("broken"), "").unwrap();
    sidecar.run(&["backup", "--strategy", "uploads"]).exits(1);
    clock.set("2026-06-02T09:00:00Z");
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("h1", "uploads");
    let first = browser.text("#members section");
    assert!(first.starts_with("uploads"), "{first}");
    for said in [
        "No good backup",
        "no space left on store minio",
        "Last good backup 31 h ago",
        "Next",
    ] {
        assert!(first.contains(said), "`{said}` is missing in: {first}");
    }
    let title = browser.evaluates("return document.title");
    assert!(title.as_str().unwrap().starts_with("uploads"), "{title}");
    let icon = browser.evaluates("return document.querySelector('link[rel=icon]').href");
    assert!(icon.as_str().unwrap().ends_with("bad.svg"), "{icon}");
    let all = browser.text("#members");
    assert!(all.contains("Up to date"), "{all}");
}

#[test]
fn before_the_first_backup_the_page_says_what_to_do() {
    let server = with_store(Sidecar::printing("x")).serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("h1", "Nothing has been backed up yet");
    browser.reads(
        "#members",
        "The first backup shows whether everything is set up",
    );
    browser.reads("#chart", "The chart begins with the first backup");
    for (path, says) in [
        ("ui/backups", "The stores hold no backup yet"),
        ("ui/runs", "Nothing has run yet"),
        ("ui/drills", "No drill is configured"),
    ] {
        browser.open(&format!("{}/{path}", server.url));
        browser.reads("main", says);
    }
    browser.open(&server.url);
    browser.clicks("#members button");
    browser.reads("#run .state", "Succeeded");
    browser.open(&server.url);
    browser.reads("h1", "custom is up to date");
}

#[test]
fn an_error_shows_no_markup_and_steers_nothing() {
    let server = Sidecar::new()
        .command("printf '<img src=x onerror=alert(1)> \\u202egnp' >&2; exit 3")
        .serve();
    server.over(&server.start_run());
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("#members", "<img src=x onerror=alert(1)>");
    browser.reads("#members", "\\u202egnp");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}
