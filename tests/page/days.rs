//! The last 30 days of each strategy, and the history of one alone.

use serde_json::json;

use super::{Client, backup, custom, signed_in, with_store};
use crate::harness::{Clock, Sidecar};

/// Two strategies, of which `db` is made each night: once it failed, once nothing ran, and once twice.
fn four_nights(clock: &Clock) -> Sidecar {
    let mut db = custom("test ! -e broken || exit 1; echo db");
    db["schedule"] = json!([{"cron": "0 3 * * *"}]);
    let sidecar =
        with_store(Sidecar::new()).strategies(json!({"db": db, "files": custom("seq 9")}));
    let sidecar = clock.rules(sidecar);
    let broken = sidecar.workdir().join("broken");
    clock.set("2026-06-01T03:00:05Z");
    backup(&sidecar, &["--strategy", "db"]);
    backup(&sidecar, &["--strategy", "files"]);
    clock.set("2026-06-02T03:00:05Z");
    std::fs::write(&broken, "").unwrap();
    sidecar.run(&["backup", "--strategy", "db"]).exits(1);
    std::fs::remove_file(&broken).unwrap();
    clock.set("2026-06-04T03:00:05Z");
    backup(&sidecar, &["--strategy", "db"]);
    clock.set("2026-06-04T09:00:00Z");
    sidecar
}

#[test]
fn a_night_that_failed_and_one_that_never_ran_are_named() {
    let clock = Clock::at("2026-06-01T02:00:00Z");
    let server = four_nights(&clock).serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    let says = "Last 30 days: a good backup on 2 days; failed: 2 Jun; due, but not made: 3 Jun.";
    browser.reads("#members", says);
    browser.reads("#members", "Last 30 days: a good backup on 1 day.");
    let shown = browser.evaluates(
        "const of = [...document.querySelectorAll('#members section')].find(one => one.innerText.includes('3 Jun')); \
         return [of.querySelector('[role=img]').ariaLabel, \
                 [...of.querySelectorAll('.days path')].slice(-4).map(day => day.textContent)]",
    );
    let days = [
        "1 Jun: a good backup",
        "failed: 2 Jun",
        "due, but not made: 3 Jun",
        "4 Jun: a good backup",
    ];
    assert_eq!(shown, json!([says, days]));
    let spanish = Client::signed_in(&server).reads("/?lang=es");
    let says = "copia válida en 2 días; fallo: 2 jun; prevista, pero no hecha: 3 jun.";
    assert!(spanish.contains(says), "{spanish}");
}

#[test]
fn runs_and_chart_show_one_strategy_alone() {
    let clock = Clock::at("2026-06-01T02:00:00Z");
    let server = four_nights(&clock).serve();
    let client = Client::signed_in(&server);
    let bars = |path: &str| client.reads(path).matches("class=\"bar").count();
    assert_eq!(bars("/"), 4);
    assert_eq!(bars("/?member=db"), 3);
    assert_eq!(bars("/?member=files&chart=duration"), 1);
    assert_eq!(bars("/?member=sets"), 0);
    let rows = |path: &str| client.reads(path).matches("<tr id=\"run-").count();
    assert_eq!(rows("/ui/runs"), 4);
    assert_eq!(rows("/ui/runs?member=db&state=failed"), 1);
    assert_eq!(rows("/ui/runs?member=files"), 1);
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.clicks("#chart a[href*='member=files']");
    browser.reads("#chart", "The last backup by size");
    browser.clicks("#chart a[href*='chart=duration']");
    browser.reads("#chart", "The last backup by duration");
}
