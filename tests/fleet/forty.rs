//! Forty sidecars, of which three need a person.

use std::time::Duration;

use serde_json::json;

use super::{FleetPage, backed_up, drilled, new, signed_in};
use crate::harness::{Browser, Clock, Fleet, Server, Sidecar, repository, within};

/// How long the page may take from its opening until it knows.
const OPENING_LIMIT: Duration = Duration::from_secs(5);

/// The devices that the page is looked at with.
const DEVICES: [(&str, u32, u32, &str); 4] = [
    ("wide-light", 1280, 900, "light"),
    ("wide-dark", 1280, 900, "dark"),
    ("phone-light", 360, 740, "light"),
    ("phone-dark", 360, 740, "dark"),
];

/// Its backup of last night is missing.
fn late(clock: &Clock) -> Sidecar {
    let nightly = json!([{"cron": "0 3 * * *", "catch_up": false}]);
    let sidecar = drilled(clock.rules(new().set("schedule", nightly)));
    clock.set("2026-11-21T04:00:00Z");
    sidecar
}

/// It has never made one.
fn failing() -> Sidecar {
    let line = "echo 'no space left on device' >&2; exit 3";
    let sidecar = Fleet::member(Sidecar::new().command(line).capture());
    sidecar.backup().exits(1);
    sidecar
}

/// The names of all, in the order of the configuration: those that need a person are in the middle.
fn names() -> Vec<String> {
    let quiet = |number: usize| format!("shop-{number:02}");
    let special = ["erp", "crm", "blog", "wiki"].map(str::to_owned);
    let first = (0..18).map(quiet);
    first.chain(special).chain((18..36).map(quiet)).collect()
}

fn all(clock: &Clock) -> Vec<Sidecar> {
    let special = [late(clock), failing(), backed_up(), drilled(new())];
    let first = (0..18).map(|_| new());
    first
        .chain(special)
        .chain((18..36).map(|_| new()))
        .collect()
}

/// A fleet of these servers.
fn over(servers: &[Server]) -> Fleet {
    let named = names().into_iter().zip(servers);
    named.fold(Fleet::new(), |fleet, (name, server)| {
        fleet.shows(&name, server)
    })
}

#[test]
fn three_of_forty_are_seen_at_once() {
    let clock = Clock::at("2026-11-20T12:00:00Z");
    let servers = Sidecar::serve_all(&all(&clock));
    let fleet = over(&servers).serve();
    let page = FleetPage::of(&fleet);
    within(OPENING_LIMIT, "three are seen", || {
        (page.heading() == "3 of 40 need you").then_some(())
    });

    let text = page.at("");
    assert!(text.contains("<title>3 of 40 need you"), "{text}");
    let places = ["crm", "erp", "blog", "shop-00", "wiki"];
    let places = places.map(|name| text.find(&format!(">{name}</a>")).unwrap());
    assert!(places.is_sorted(), "the worst first: {places:?}");
    let crm = page.row("crm");
    assert!(
        crm.contains("No good backup") && crm.contains("no space left on device"),
        "{crm}"
    );
    let erp = page.row("erp");
    assert!(
        erp.contains("Late") && erp.contains("A backup was due on 21 Nov 2026"),
        "{erp}"
    );
    let blog = page.row("blog");
    assert!(
        blog.contains("Up to date") && blog.contains("never drilled"),
        "{blog}"
    );
    let wiki = page.row("wiki");
    assert!(
        wiki.contains("Up to date") && !wiki.contains("never drilled"),
        "{wiki}"
    );
    assert!(page.row("shop-35").contains("Nothing yet"));
    // Each row leads to the sidecar's own page.
    let own = format!("href=\"{}/\"", servers[20].url);
    assert!(blog.contains(&own), "{blog}");

    if let Some(browser) = signed_in(&fleet) {
        is_usable_everywhere(&browser, &fleet);
    }
}

fn is_usable_everywhere(browser: &Browser, fleet: &Server) {
    for (language, heading) in [
        ("en", "3 of 40 need you"),
        ("es", "3 de 40 requieren su atención"),
    ] {
        browser.open(&format!("{}/?lang={language}", fleet.url));
        browser.reads("h1", heading);
        for (device, width, height, scheme) in DEVICES {
            browser.looks(width, height, scheme);
            let name = format!("fleet-{language}-{device}");
            browser.pictures(&repository().join(format!("target/page/{name}.png")));
            assert_eq!(browser.barriers(), Vec::<String>::new(), "{name}");
            let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(
                browser.evaluates(wider),
                0,
                "{name} is wider than its display"
            );
        }
    }
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}
