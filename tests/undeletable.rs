//! A backup is made even if nothing old can be deleted, or copied.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Clock, Fault, Receiver, S3, Sidecar, sh, skip};

const NOBODY: u32 = 65534;

fn nights(sidecar: &Sidecar, clock: &Clock, days: std::ops::RangeInclusive<u32>) -> Vec<Value> {
    days.map(|day| {
        clock.set(&format!("2026-06-{day:02}T03:00:00Z"));
        sidecar.run(&["backup", "--json"]).succeeds().json()
    })
    .collect()
}

/// Nothing waits here, and what is sent again is nothing.
fn nothing_is_left_here(sidecar: &Sidecar) {
    assert_eq!(sidecar.artifact(), None);
    let pending = fs::read_dir(sidecar.artifacts().join(".sidecar/pending"));
    assert_eq!(pending.map_or(0, Iterator::count), 0);
    sidecar
        .run(&["upload", "--pending"])
        .succeeds()
        .stdout_contains("0 backups");
}

#[test]
fn in_a_bucket_without_the_right_to_delete() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    proxy.inject("DELETE", "", usize::MAX, Fault::Answer(403, "AccessDenied"));
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock
        .rules(Sidecar::printing("tonight"))
        .set("stores", json!([s3.store_behind(&proxy)]))
        .set("retention", json!({"daily": {"last": 2}}));
    let receiver = Receiver::start();
    let hook = json!([{"on": ["success"], "webhook": receiver.url}]);
    sidecar
        .check()
        .succeeds()
        .stdout_contains("nothing is ever deleted")
        .stderr_contains("s3:DeleteObject");
    let mut made = nights(&sidecar, &clock, 1..=5);
    let sidecar = sidecar.set("notify", hook);
    made.extend(nights(&sidecar, &clock, 6..=6));
    assert_eq!(made[1].get("warnings"), None);
    let warning = &made[5]["warnings"][0];
    assert_eq!(warning["code"], "no-delete-permission");
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .starts_with("4 old ones stay"),
        "{warning}"
    );
    let told = receiver.next().json();
    assert_eq!(told["warnings"], made[5]["warnings"]);
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("warning: 4 old ones stay"), "{text}");
    assert_eq!(s3.keys().len(), 12);
    nothing_is_left_here(&sidecar);
    let server = sidecar.serve();
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(
        metrics.contains("sidecar_last_success_warnings 1"),
        "{metrics}"
    );
    let runs = server.get("/backup/jobs").json();
    assert!(runs.to_string().contains("no-delete-permission"), "{runs}");
    drop(server);
    // Asked to delete, it says that it could not.
    sidecar
        .run(&["prune"])
        .exits(1)
        .stderr_contains("s3:DeleteObject");
    proxy.heal();
    sidecar.run(&["prune", "--yes"]).succeeds();
    assert_eq!(s3.live_keys().len(), 4);
}

#[test]
fn with_credentials_that_may_only_write() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    for method in ["DELETE", "GET", "HEAD"] {
        proxy.inject(method, "", usize::MAX, Fault::Answer(403, "AccessDenied"));
    }
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock
        .rules(Sidecar::printing("tonight"))
        .set("stores", json!([s3.store_behind(&proxy)]))
        .set(
            "retention",
            json!({"daily": {"last": 2}, "monthly": {"last": 2}}),
        );
    nights(&sidecar, &clock, 1..=4);
    let daily = s3
        .keys()
        .iter()
        .filter(|key| key.contains("/daily/"))
        .count();
    assert_eq!(daily, 8);
    nothing_is_left_here(&sidecar);
    proxy.heal();
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn in_a_sticky_folder() {
    if !rustix::process::geteuid().is_root() {
        return skip(
            "undeletable::in_a_sticky_folder",
            "only root can become someone else",
        );
    }
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock.rules(Sidecar::printing("tonight")).user(NOBODY);
    let store = sidecar.folder().join("store");
    fs::create_dir(&store).unwrap();
    let store_path = store.display();
    sh(&format!(
        "chmod 777 '{store_path}'; chmod 755 \"$(dirname '{store_path}')\""
    ))
    .succeeds();
    let sidecar = sidecar
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store}]),
        )
        .set("retention", json!({"daily": {"last": 1}}));
    nights(&sidecar, &clock, 1..=1);
    let give_away = || {
        sh(&format!(
            "cd '{store_path}/daily' && chown root . * && chmod 1777 ."
        ))
        .succeeds();
    };
    for day in 2..=5 {
        give_away();
        nights(&sidecar, &clock, day..=day);
    }
    let files = fs::read_dir(store.join("daily")).unwrap().count();
    assert_eq!(files, 10);
    nothing_is_left_here(&sidecar);
}

#[test]
fn a_copy_for_another_tier_that_fails_is_made_by_the_next_run() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let clock = Clock::at("2026-06-01T03:00:00Z");
    let sidecar = clock
        .rules(Sidecar::printing("tonight"))
        .set("stores", json!([s3.store_behind(&proxy)]))
        .set(
            "retention",
            json!({"daily": {"last": 9}, "monthly": {"last": 9}}),
        );
    proxy.inject(
        "PUT",
        "monthly/",
        usize::MAX,
        Fault::Answer(403, "AccessDenied"),
    );
    let made = nights(&sidecar, &clock, 1..=1);
    let warning = made[0]["warnings"][0]["message"].as_str().unwrap();
    assert!(warning.contains("monthly"), "{warning}");
    nothing_is_left_here(&sidecar);
    proxy.heal();
    nights(&sidecar, &clock, 2..=2);
    let monthly: Vec<String> = s3
        .live_keys()
        .into_iter()
        .filter(|key| key.contains("/monthly/"))
        .collect();
    // The first try may still be under way: its name is not used again.
    assert_eq!(monthly[0], "citus/monthly/backup_20260601_030000_2.dat");
    assert_eq!(s3.object(&monthly[0]), b"tonight");
}

#[test]
fn a_copy_that_fails_until_its_month_is_over_is_made_up_for_and_its_source_stays() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let clock = Clock::at("2026-06-28T03:00:00Z");
    let sidecar = clock
        .rules(
            Sidecar::new()
                .command("cat \"$SIDE_CAR_WORKDIR/tonight\"")
                .capture(),
        )
        .set("stores", json!([s3.store_behind(&proxy)]))
        .set(
            "retention",
            json!({"daily": {"last": 2}, "monthly": {"last": 9}, "yearly": {"last": 9}}),
        );
    let denied = Fault::Answer(403, "AccessDenied");
    proxy.inject("PUT", "monthly/", usize::MAX, denied);
    let night = |day: &str| {
        clock.set(&format!("{day}T03:00:00Z"));
        fs::write(sidecar.workdir().join("tonight"), day).unwrap();
        sidecar.run(&["backup", "--json"]).succeeds().json()
    };
    let backups = |tier: &str| -> Vec<String> {
        let keys = s3.live_keys();
        let artifacts = keys
            .iter()
            .filter(|key| key.contains(tier) && !key.ends_with(".json"));
        artifacts
            .map(|key| String::from_utf8(s3.object(key)).unwrap())
            .collect()
    };
    for day in ["2026-06-28", "2026-06-29", "2026-06-30", "2026-07-01"] {
        let made = night(day);
        let warnings = made["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "{made}");
        assert!(warnings[0]["message"].as_str().unwrap().contains("monthly"));
    }
    let held = ["2026-06-28", "2026-06-30", "2026-07-01"];
    assert_eq!(backups("/daily/"), held);
    let reasons = sidecar.run(&["prune", "--dry-run", "--json"]).succeeds();
    assert!(
        reasons.stdout.contains("its monthly copy is not made yet"),
        "{reasons:?}"
    );
    proxy.heal();
    assert_eq!(night("2026-07-02").get("warnings"), None);
    assert_eq!(backups("/monthly/"), ["2026-06-28", "2026-07-01"]);
    assert_eq!(backups("/yearly/"), ["2026-06-28"]);
    assert_eq!(backups("/daily/"), ["2026-07-01", "2026-07-02"]);
    night("2026-07-03");
    assert_eq!(backups("/monthly/"), ["2026-06-28", "2026-07-01"]);
    sidecar.run(&["verify", "--all"]).succeeds();
}
