#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::collections::BTreeSet;

use super::*;
use crate::artifact::manifest::Manifest;

fn manifest(id: &str, filename: &str, owner: Option<&OwnerId>) -> Manifest {
    let digest = "a".repeat(64);
    let value = serde_json::json!({
        "manifest_version": 1, "id": id, "tier": "daily",
        "started_at": "2026-06-01T03:00:00Z", "finished_at": "2026-06-01T03:00:01Z",
        "strategy": {"name": "custom", "sha256": digest}, "sidecar": "0.1.0",
        "artifact": {
            "filename": filename, "format": "binary", "content_type": "x/y", "size": 1,
            "sha256": digest, "raw_size": 1, "raw_sha256": digest, "compression": "none",
        },
        "owner": owner,
    });
    serde_json::from_value(value).unwrap()
}

fn profile(filename: &str, source: &str) -> Profile {
    Profile {
        strategy: "custom".to_owned(),
        filename: filename.to_owned(),
        format: "binary".to_owned(),
        source: source.to_owned(),
        machine: "host".to_owned(),
    }
}

fn record(id: &OwnerId, profile: &Profile) -> OwnerRecord {
    let at = "2026-06-01T03:00:00Z".parse().unwrap();
    OwnerRecord::new(id.clone(), profile, at, BTreeSet::new())
}

#[test]
fn only_one_that_backs_up_the_same_is_a_replica() {
    let (ours, other) = (OwnerId::random(), OwnerId::random());
    let db = profile("db.dump", "db1");
    let theirs = record(&other, &db);
    for (local, seen, standing) in [
        (None, &db, Standing::Replica),
        (None, &profile("db.dump", "db2"), Standing::Shared),
        (None, &profile("files.tar", "db1"), Standing::Shared),
        (Some(&ours), &db, Standing::Shared),
        (
            Some(&other),
            &profile("renamed.dump", "db3"),
            Standing::Owner,
        ),
    ] {
        assert_eq!(
            judge(local, Some(&theirs), seen),
            standing,
            "{local:?} {seen:?}"
        );
    }
    assert_eq!(judge(Some(&ours), None, &db), Standing::Unclaimed);
}

#[test]
fn a_record_is_read_as_it_was_written_and_hides_what_is_backed_up() {
    let id = OwnerId::named("citus");
    assert_eq!(id, OwnerId::named("citus"));
    let written = record(&id, &profile("db.dump", "postgresql://secret-host/app"));
    let text = serde_json::to_string(&written).unwrap();
    assert!(!text.contains("secret-host"), "{text}");
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["colour"] = "green".into();
    let read: OwnerRecord = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(read, written);
    value["id"] = "short".into();
    assert!(serde_json::from_value::<OwnerRecord>(value).is_err());
}

#[test]
fn what_has_no_owner_is_adopted_if_it_fits_and_nothing_else() {
    let (ours, other) = (OwnerId::random(), OwnerId::random());
    let db = profile("db.dump", "db");
    let old = manifest("1", "db.dump", None);
    let odd = manifest("2", "files.tar", None);
    let foreign = manifest("3", "db.dump", Some(&other));
    let own = manifest("4", "db.dump", Some(&ours));
    let adopt = |local, manifests: &[&Manifest]| adoptable(local, manifests.iter().copied(), &db);
    assert_eq!(adopt(None, &[]).unwrap(), BTreeSet::new());
    let only_old = BTreeSet::from(["1".to_owned()]);
    assert_eq!(adopt(None, &[&old, &odd, &foreign]).unwrap(), only_old);
    assert_eq!(adopt(Some(&ours), &[&old]).unwrap(), only_old);
    assert_eq!(
        adopt(Some(&ours), &[&foreign, &own]).unwrap(),
        BTreeSet::new()
    );
    let refused = adopt(Some(&ours), &[&foreign, &odd]).unwrap_err();
    assert_eq!(refused.owners, BTreeSet::from([other.to_string()]));
}

#[test]
fn what_an_old_sidecar_writes_after_the_claim_is_foreign() {
    let ours = OwnerId::random();
    let mut record = record(&ours, &profile("db.dump", "db"));
    record.adopted.insert("1".to_owned());
    record.was.insert(OwnerId::named("former"));
    let manifests = [
        manifest("1", "db.dump", None),
        manifest("2", "db.dump", None),
        manifest("3", "db.dump", Some(&ours)),
        manifest("4", "db.dump", Some(&OwnerId::named("former"))),
        manifest("5", "db.dump", Some(&OwnerId::named("other"))),
    ];
    let manifests: Vec<&Manifest> = manifests.iter().collect();
    let foreign = Ownership::of(&record).foreign(&manifests);
    assert_eq!(foreign, [false, true, false, false, true]);
}

#[test]
fn one_without_an_id_reads_what_looks_like_its_own() {
    let db = profile("db.dump", "db");
    let seen = |manifests: &[Manifest]| {
        let manifests: Vec<&Manifest> = manifests.iter().collect();
        Ownership::seen(&Standing::Unclaimed, None, None, &db).foreign(&manifests)
    };
    let other = OwnerId::random();
    let [dump, tar] = ["db.dump", "files.tar"].map(|name| manifest("1", name, Some(&other)));
    assert_eq!(seen(&[dump.clone(), tar.clone()]), [false, true]);
    // A restore on a bare machine, under another file name: it is all there is.
    assert_eq!(seen(std::slice::from_ref(&tar)), [false]);
    let sql = manifest("2", "more.sql", None);
    assert_eq!(seen(&[tar, sql]), [true, true]);
}
