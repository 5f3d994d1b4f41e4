//! Every screen, in both languages, on a wide and a narrow display, in the light and in the dark.

use std::path::PathBuf;

use serde_json::json;

use super::{backup, custom, signed_in, with_store};
use crate::harness::{Browser, Sidecar, repository};

/// A device's name, its width and height, and its colours.
const DEVICES: [(&str, u32, u32, &str); 4] = [
    ("wide-light", 1280, 900, "light"),
    ("wide-dark", 1280, 900, "dark"),
    ("phone-light", 360, 740, "light"),
    ("phone-dark", 360, 740, "dark"),
];

/// Two strategies and a set, of which one fails by now; what a drill and a module look like too.
fn lived_in() -> (Sidecar, Vec<(&'static str, String)>) {
    let sidecar = with_store(Sidecar::new());
    let scratch = sidecar.folder().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    std::fs::create_dir(sidecar.workdir().join("uploads")).unwrap();
    std::fs::write(sidecar.workdir().join("uploads/a.txt"), "first").unwrap();
    let mut db =
        custom("test ! -e broken || { echo 'no space left on device' >&2; exit 1; }; seq 1 9999");
    db["drill"] = json!({"into": scratch, "check": ["test -e state"]});
    let sidecar = sidecar
        .strategies(json!({
            "db": db,
            "uploads": {
                "type": "filesystem",
                "artifact": {"filename": "uploads.tar"},
                "config": {"paths": ["uploads"]},
                "schedule": [{"cron": "0 3 * * *", "timezone": "Europe/Madrid"}],
            },
        }))
        .set(
            "retention",
            json!({"daily": {"days": 30}, "monthly": {"days": 365}}),
        )
        .set(
            "restore.targets",
            json!([{"name": "staging", "into": "/srv/staging"}]),
        );
    let set = backup(&sidecar, &[]);
    let db = backup(&sidecar, &["--strategy", "db"]);
    let uploads = backup(&sidecar, &["--strategy", "uploads"]);
    sidecar.run(&["verify", &uploads]).succeeds();
    std::fs::write(sidecar.workdir().join("broken"), "").unwrap();
    sidecar.run(&["backup", "--strategy", "db"]).exits(1);
    let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
    let failed = runs["runs"][0]["id"].as_str().unwrap().to_owned();
    let screens = vec![
        ("overview", String::new()),
        ("backups", "ui/backups".to_owned()),
        ("backup", format!("ui/backups/{uploads}")),
        ("restore-what", format!("ui/restore/{uploads}")),
        ("restore-where", format!("ui/restore/{uploads}/where")),
        ("restore-read", format!("ui/restore/{db}/read?to=replace")),
        ("restore-set", format!("ui/restore/{set}")),
        (
            "restore-set-read",
            format!("ui/restore/{set}/read?to=replace"),
        ),
        ("runs", "ui/runs".to_owned()),
        ("run", format!("ui/runs/{failed}")),
        ("drills", "ui/drills".to_owned()),
        ("sidecar", "ui/sidecar".to_owned()),
        ("not-found", "ui/runs/none".to_owned()),
    ];
    (sidecar, screens)
}

fn picture(name: &str) -> PathBuf {
    repository().join(format!("target/page/{name}.png"))
}

/// Nothing keeps people from using it, nothing sticks out of the display, nothing came from elsewhere.
fn is_well(browser: &Browser, origin: &str, name: &str) {
    assert_eq!(browser.barriers(), Vec::<String>::new(), "{name}");
    let wider =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(
        browser.evaluates(wider),
        0,
        "{name} is wider than its display"
    );
    let requested = browser.requested();
    assert!(requested.len() > 2, "{name}: {requested:?}");
    let own = |url: &String| url.starts_with(origin);
    assert!(requested.iter().all(own), "{name}: {requested:?}");
}

#[test]
fn every_screen_is_usable_everywhere() {
    let (sidecar, screens) = lived_in();
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    for (language, heading) in [("en", "Overview"), ("es", "Resumen")] {
        browser.open(&format!("{}/?lang={language}", server.url));
        browser.reads("nav", heading);
        for (device, width, height, scheme) in DEVICES {
            browser.looks(width, height, scheme);
            for (screen, path) in &screens {
                let name = format!("{screen}-{language}-{device}");
                browser.open(&format!("{}/{path}", server.url));
                browser.pictures(&picture(&name));
                is_well(&browser, &server.url, &name);
                let said = browser.complaints();
                assert_eq!(said, Vec::<serde_json::Value>::new(), "{name}");
            }
        }
    }
    browser.clicks("header form button");
    browser.reads("h1", "Entrar");
    browser.pictures(&picture("sign-in"));
    is_well(&browser, &server.url, "sign-in");
}
