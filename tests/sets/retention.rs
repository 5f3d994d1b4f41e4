//! Sets are judged as backups are, and what a set names stays.

use serde_json::{Value, json};

use super::{application, listed, sets};

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
