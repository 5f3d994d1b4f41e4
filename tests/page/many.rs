//! A thousand runs and five hundred backups.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Client, backup, signed_in, with_store};
use crate::harness::{Sidecar, sh};

/// How long a screen may take on a busy machine.
const SCREEN_LIMIT: Duration = Duration::from_secs(3);

/// One backup, and copies of it that are older, a day each; and runs that are.
fn many() -> Sidecar {
    let sidecar = with_store(Sidecar::printing("x"));
    backup(&sidecar, &[]);
    let daily = sidecar.folder().join("store/citus/daily");
    let find = |end: &str| {
        let mut files = fs::read_dir(&daily)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .find(|path| path.to_str().unwrap().ends_with(end))
            .unwrap()
    };
    let manifest: Value =
        serde_json::from_slice(&fs::read(find(".manifest.json")).unwrap()).unwrap();
    for day in 0..499 {
        let date = jiff::civil::date(2024, 1, 1) + jiff::Span::new().days(day);
        let key = daily.join(format!("backup_{}_030000.dat", date.strftime("%Y%m%d")));
        let mut older = manifest.clone();
        older.as_object_mut().unwrap().remove("manifest_sha256");
        older["id"] = format!("01900000-0000-7000-8000-{day:012}").into();
        older["started_at"] = format!("{date}T03:00:00Z").into();
        older["finished_at"] = format!("{date}T03:00:01Z").into();
        older["seq"] = Value::Null;
        fs::write(&key, "x").unwrap();
        fs::write(
            format!("{}.manifest.json", key.display()),
            older.to_string(),
        )
        .unwrap();
    }
    let journal = sidecar.artifacts().join(".sidecar/history.sqlite");
    let copies = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000) \
                  INSERT INTO new SELECT old.* FROM c, old; \
                  UPDATE new SET id = printf('01900000-0000-7000-8000-%012d', rowid); \
                  INSERT INTO runs SELECT * FROM new";
    sh(&format!(
        "sqlite3 '{}' \"CREATE TEMP TABLE old AS SELECT * FROM runs; CREATE TEMP TABLE new AS SELECT * FROM runs WHERE 0; {copies}\"",
        journal.display()
    ))
    .succeeds();
    sidecar
}

#[test]
fn long_lists_come_a_page_at_a_time_and_soon() {
    let server = many().serve();
    let client = Client::signed_in(&server);
    let rows = |path: &str, row: &str| {
        let start = Instant::now();
        let text = client.reads(path);
        assert!(
            start.elapsed() < SCREEN_LIMIT,
            "{path}: {:?}",
            start.elapsed()
        );
        assert!(text.len() < 200_000, "{path}: {} bytes", text.len());
        text.matches(row).count()
    };
    assert_eq!(rows("/ui/backups", "<tr id=\"backup-"), 50);
    assert_eq!(rows("/ui/runs", "<tr id=\"run-"), 50);
    assert_eq!(rows("/ui/runs?page=20", "<tr id=\"run-"), 50);
    rows("/", "");
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/backups", server.url));
    browser.reads(".pager", "500 backups");
    let first = browser.text("#backups tbody tr:nth-child(2)");
    browser.clicks(".pager a[rel=next]");
    browser.reads(".pager", "Newest");
    assert_ne!(browser.text("#backups tbody tr:nth-child(2)"), first);
}
