//! `GET /backup/backups`: a page at a time, with what the retention says of each.

use serde_json::{Value, json};

use crate::harness::{Server, Sidecar};

fn stored() -> Sidecar {
    let sidecar = Sidecar::printing("0123456789");
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path}]),
    )
}

fn backup(sidecar: &Sidecar) -> String {
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    made["id"].as_str().unwrap().to_owned()
}

fn page(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("/backup/backups{query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(page: &Value) -> Vec<&str> {
    let backups = page["backups"].as_array().unwrap().iter();
    backups
        .map(|one| one["manifest"]["id"].as_str().unwrap())
        .collect()
}

#[test]
fn pages_lead_from_the_newest_to_the_oldest() {
    let sidecar = stored();
    let made: Vec<String> = (0..5).map(|_| backup(&sidecar)).collect();
    let server = sidecar.serve();
    let first = page(&server, "?limit=2");
    assert_eq!(ids(&first), [&made[4], &made[3]]);
    assert_eq!(
        (&first["total"], &first["next"]),
        (&json!(5), &json!(made[3]))
    );
    assert!(first["as_of"].is_string(), "{first}");
    let second = page(&server, &format!("?limit=2&before={}", made[3]));
    assert_eq!(ids(&second), [&made[2], &made[1]]);
    let last = page(&server, &format!("?limit=2&before={}", made[1]));
    assert_eq!(
        (ids(&last), &last["next"]),
        (vec![made[0].as_str()], &Value::Null)
    );
    let gone = server.get("/backup/backups?before=gone");
    assert_eq!(
        (gone.status, gone.json()["code"].clone()),
        (404, json!("no-such-backup"))
    );
}

#[test]
fn each_says_what_becomes_of_it_and_why() {
    let sidecar = stored().set(
        "retention",
        json!({"daily": {"days": 30}, "monthly": {"last": 2}}),
    );
    backup(&sidecar);
    let server = sidecar.serve();
    let listed = page(&server, "");
    let verdict = |tier: &str| {
        let backups = listed["backups"].as_array().unwrap().iter();
        let of_tier = backups.filter(|one| one["manifest"]["tier"] == tier);
        of_tier.map(|one| one["verdict"].clone()).next().unwrap()
    };
    let daily = verdict("daily");
    assert_eq!(
        (&daily["keep"], &daily["code"]),
        (&json!(true), &json!("within")),
        "{daily}"
    );
    assert_eq!(daily["args"]["days"], "30");
    assert!(
        daily["until"].is_string() && daily["reason"] == "within 30 days",
        "{daily}"
    );
    let monthly = verdict("monthly");
    assert_eq!(
        (&monthly["code"], &monthly["args"]["last"]),
        (&json!("among"), &json!("2"))
    );
    assert_eq!(monthly["until"], Value::Null);
}

#[test]
fn verified_copies_and_drilled_backups_say_when() {
    let sidecar = Sidecar::new()
        .strategy("file_archive")
        .set("strategy.config.paths", json!(["*"]));
    std::fs::write(sidecar.workdir().join("notes.txt"), "good").unwrap();
    let (store, scratch) = (
        sidecar.folder().join("store"),
        sidecar.folder().join("scratch"),
    );
    std::fs::create_dir(&store).unwrap();
    std::fs::create_dir(&scratch).unwrap();
    let sidecar = sidecar
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store}]),
        )
        .set(
            "drill",
            json!({"into": scratch, "check": ["test -f notes.txt"]}),
        );
    backup(&sidecar);
    let server = sidecar.serve();
    let fresh = page(&server, "");
    assert_eq!(fresh["backups"][0]["verified_at"], Value::Null, "{fresh}");
    sidecar.run(&["drill"]).succeeds();
    assert_eq!(server.post("/backup/verify").status, 200);
    let proven = page(&server, "");
    let one = &proven["backups"][0];
    assert!(
        one["verified_at"].is_string() && one["drilled_at"].is_string(),
        "{one}"
    );
}

#[test]
fn a_store_that_is_away_is_named_and_what_it_held_is_still_listed() {
    let sidecar = stored();
    let id = backup(&sidecar);
    let store = sidecar.folder().join("store");
    let server = sidecar.serve();
    assert_eq!(ids(&page(&server, "")), [&id]);
    std::fs::rename(&store, store.with_extension("away")).unwrap();
    let listed = page(&server, "");
    assert_eq!(ids(&listed), [&id], "{listed}");
    assert_eq!(
        (&listed["damaged"][0]["store"], &listed["damaged"][0]["key"]),
        (&json!("local"), &json!(""))
    );
    let status = server.get("/backup/status").json();
    assert_eq!(status["members"][0]["state"], "late", "{status}");
    std::fs::rename(store.with_extension("away"), &store).unwrap();
    assert_eq!(page(&server, "")["damaged"], json!([]));
}
