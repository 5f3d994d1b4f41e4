//! Sets are judged as backups are, and what a set names stays.

use serde_json::{Value, json};

use super::{application, destroy, listed, sets, state};
use crate::harness::Clock;

fn reasons(pruned: &Value, strategy: &str) -> Vec<String> {
    let all = pruned["backups"].as_array().unwrap().iter();
    let own = all.filter(|one| one["strategy"] == strategy);
    own.map(|one| one["reason"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_member_of_a_kept_set_stays_and_goes_when_the_set_has_gone() {
    let sidecar = application()
        .set("retention", json!({"daily": {"last": 2}}))
        .set("strategies.db.retention", json!({"daily": {"last": 1}}));
    sidecar.backup().succeeds();
    let set = sidecar.run(&["list", "--json"]).json()["backups"][0]["manifest"]["id"].clone();
    for _ in 0..2 {
        sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    }
    let pruned = sidecar.run(&["prune", "--yes", "--json"]).succeeds().json();
    let expected = [
        "daily: the last one".to_owned(),
        format!("daily: member of set {}", set.as_str().unwrap()),
    ];
    assert_eq!(reasons(&pruned, "db"), expected);

    for _ in 0..2 {
        sidecar.backup().succeeds();
    }
    sidecar.run(&["prune", "--yes"]).succeeds();
    assert_eq!(sets(&sidecar), 2);
    let db = listed(&sidecar)
        .into_iter()
        .filter(|(name, _)| name == "db");
    assert_eq!(db.count(), 2, "those of the two sets that are left");
    sidecar.run(&["verify", "--all"]).succeeds();
}

/// The month's copy of a member may be of a night without a set: what the month's set names stays all the same.
#[test]
fn a_set_that_was_promoted_after_a_broken_one_is_whole_when_the_days_have_gone() {
    let clock = Clock::at("2024-01-31T03:00:00Z");
    let sidecar = clock
        .rules(application())
        .set("retention", json!({"daily": {"last": 1}, "monthly": {}}));
    let night = |day: &str, is_whole: bool| {
        clock.set(&format!("{day}T03:00:00Z"));
        std::fs::write(sidecar.workdir().join("state"), day).unwrap();
        let (uploads, away) = ["uploads", "away"]
            .map(|name| sidecar.workdir().join(name))
            .into();
        if !is_whole {
            std::fs::rename(&uploads, &away).unwrap();
        }
        sidecar.backup().exits(i32::from(!is_whole));
        if !is_whole {
            std::fs::rename(&away, &uploads).unwrap();
        }
    };
    night("2024-01-31", true);
    night("2024-02-01", false);
    for day in ["2024-02-02", "2024-02-03", "2024-02-04"] {
        night(day, true);
    }
    sidecar.run(&["verify", "--all"]).succeeds();
    let all = sidecar.run(&["list", "--json"]).succeeds().json();
    let all = all["backups"].as_array().unwrap().iter();
    let sets = all.filter(|one| one["strategy"] == "sets");
    let months: Vec<(String, String)> = sets
        .filter(|set| set["key"].as_str().unwrap().starts_with("monthly/"))
        .map(|set| {
            let manifest = &set["manifest"];
            let text = |name: &str| manifest[name].as_str().unwrap().to_owned();
            (text("started_at")[..10].to_owned(), text("id"))
        })
        .collect();
    let days: Vec<&str> = months.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(days, ["2024-02-02", "2024-01-31"]);
    for (day, id) in &months {
        destroy(&sidecar);
        sidecar.run(&["restore", id, "--set"]).succeeds();
        assert_eq!(&state(&sidecar), day);
    }
}
