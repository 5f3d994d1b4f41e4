//! A restore over HTTP that is previewed first, and held to what was previewed; a drill over HTTP.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, Sidecar, TOKEN};

/// Files in a store, and a scratch folder.
fn archived() -> Sidecar {
    let sidecar = Sidecar::new()
        .strategy("file_archive")
        .set("strategy.config.paths", json!(["*"]));
    std::fs::write(sidecar.workdir().join("notes.txt"), "good").unwrap();
    let folder = |name: &str| {
        let path = sidecar.folder().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    };
    let (store, scratch) = (folder("store"), folder("scratch"));
    sidecar
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store}]),
        )
        .set(
            "restore",
            json!({"targets": [{"name": "beside", "into": scratch}]}),
        )
        .set(
            "drill",
            json!({"into": scratch, "check": ["grep -q good notes.txt"]}),
        )
}

fn order(server: &Server, order: &Value) -> Answer {
    Answer::send(&format!("{}/backup/restore", server.url), TOKEN, order)
}

#[test]
fn an_order_does_what_was_previewed_or_nothing() {
    let sidecar = archived();
    sidecar.run(&["backup"]).succeeds();
    let server = sidecar.serve();
    let into = json!({"into": "beside", "dry_run": true});
    let preview = order(&server, &into);
    assert_eq!(preview.status, 200, "{preview:?}");
    let preview = preview.json();
    assert!(
        !preview["steps"].as_array().unwrap().is_empty(),
        "{preview}"
    );
    assert_eq!(
        order(&server, &into).json(),
        preview,
        "the same is the same"
    );
    let restored = sidecar.folder().join("scratch/notes.txt");
    assert!(!restored.exists());

    // Another order under this plan is not what was seen.
    let other = order(
        &server,
        &json!({"into": "beside", "replace": true, "plan": preview["plan"]}),
    );
    assert_eq!(
        (other.status, other.json()["code"].clone()),
        (409, json!("plan-changed"))
    );
    // Nor is the latest, once there is a newer one.
    let made = order(&server, &json!({"into": "beside", "plan": preview["plan"]}));
    assert_eq!(made.status, 202, "{made:?}");
    let job = server.over(made.header("location"));
    assert_eq!(
        (&job["state"], &job["backup"]),
        (&json!("succeeded"), &preview["backup"])
    );
    assert_eq!(std::fs::read_to_string(restored).unwrap(), "good");
    sidecar.run(&["backup"]).succeeds();
    let late = order(&server, &json!({"into": "beside", "plan": preview["plan"]}));
    assert_eq!(late.status, 409, "{late:?}");
}

#[test]
fn a_drill_is_started_and_followed_like_any_run() {
    let sidecar = archived();
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    let server = sidecar.serve();
    let started = server.post("/backup/drill");
    assert_eq!(started.status, 202, "{started:?}");
    let job = server.over(started.header("location"));
    assert_eq!(
        (&job["kind"], &job["state"]),
        (&json!("drill"), &json!("succeeded")),
        "{job}"
    );
    assert_eq!(job["backup"], made["id"]);
    let status = server.get("/backup/status").json();
    assert_eq!(status["members"][0]["proven"]["id"], job["id"], "{status}");
    let without = Sidecar::printing("x").serve().post("/backup/drill");
    assert_eq!(
        (without.status, without.json()["code"].clone()),
        (500, json!("no-drill"))
    );
}
