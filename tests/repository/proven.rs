//! `verify --all` reads a share of a repository each week, and says how much of it is proven.

use serde_json::{Value, json};

use super::{backup, local, sidecar};
use crate::harness::{Clock, Sidecar, sh};

fn days(days: i64) -> String {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    time.to_string()
}

/// A repository of some objects of about a mebibyte each.
fn populated(clock: &Clock) -> Sidecar {
    let sidecar = sidecar("head -c 12000000 /dev/urandom");
    let mut store = local(&sidecar);
    store["repository"]["pack_size"] = "1MiB".into();
    let sidecar = clock.rules(sidecar.set("stores", json!([store])));
    backup(&sidecar);
    sidecar
}

fn verified(sidecar: &Sidecar) -> Value {
    let found = sidecar
        .run(&["verify", "--all", "--json"])
        .succeeds()
        .json();
    assert_eq!(found["verified"], json!([]), "{found}");
    assert_eq!(found["proven"].as_array().unwrap().len(), 1, "{found}");
    found["proven"][0].clone()
}

fn of(proof: &Value, name: &str) -> u64 {
    proof[name].as_u64().unwrap()
}

#[test]
fn all_of_it_is_proven_after_four_weeks() {
    let clock = Clock::at(&days(0));
    let sidecar = populated(&clock);
    let mut before = 0;
    for week in 0..4 {
        clock.set(&days(7 * week));
        let proof = verified(&sidecar);
        let (read, proven, size) = (of(&proof, "read"), of(&proof, "proven"), of(&proof, "size"));
        assert!(size > 12_000_000 && read > 0 && read < size, "{proof}");
        assert_eq!(proven, size.min(before + read), "{proof}");
        assert!(proven * 4 >= size * (week as u64 + 1), "{proof}");
        before = proven;
        // Once more in the same week there is nothing to read.
        clock.set(&days(7 * week + 3));
        assert_eq!(of(&verified(&sidecar), "read"), 0);
    }
    clock.set(&days(28));
    let proof = verified(&sidecar);
    assert_eq!(of(&proof, "proven"), of(&proof, "size"), "{proof}");
    sidecar
        .run(&["verify", "--all"])
        .succeeds()
        .stdout_contains("proven     100 % of the repository in store local");
}

#[test]
fn damage_is_found_in_the_week_in_which_it_is_read_and_the_backup_is_named() {
    let clock = Clock::at(&days(0));
    let sidecar = populated(&clock);
    let packs = sidecar.folder().join("store/citus/repository/data");
    let pack = sh(&format!(
        "find {} -type f -size +600k | sort | tail -1",
        packs.display()
    ));
    let pack = pack.succeeds().stdout.trim_end().to_owned();
    let mut bytes = std::fs::read(&pack).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    let mut found = None;
    for week in 0..4 {
        clock.set(&days(7 * week));
        let verified = sidecar.run(&["verify", "--all"]);
        if verified.code != Some(0) {
            found = Some(verified);
            break;
        }
    }
    found
        .expect("it is found within four weeks")
        .exits(4)
        .stderr_contains("other bytes than were written");
    sidecar.run(&["list"]).stdout_contains("DAMAGED");
}

#[test]
fn what_is_missing_is_found_at_once() {
    let clock = Clock::at(&days(0));
    let sidecar = populated(&clock);
    let packs = sidecar.folder().join("store/citus/repository/data");
    let pack = sh(&format!(
        "find {} -type f -size +600k | sort | tail -1",
        packs.display()
    ));
    std::fs::remove_file(pack.succeeds().stdout.trim_end()).unwrap();
    sidecar.run(&["verify", "--all"]).exits(4);
}
