//! `restore.targets`: the places that a client may name.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, Sidecar, TOKEN, sh};

/// Restores into what it is told, with one target.
fn sidecar() -> Sidecar {
    let sidecar = Sidecar::new().command("echo rows").capture().set(
        "strategy.config.restore",
        "cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
    );
    for name in ["listed", "other"] {
        std::fs::create_dir(sidecar.folder().join(name)).unwrap();
    }
    let listed = sidecar.folder().join("listed").display().to_string();
    let file = sidecar.folder().join("secret");
    std::fs::write(&file, "postgresql://u:p@staging/\n").unwrap();
    sidecar.set(
        "restore.targets",
        json!([
            {"name": "listed", "into": listed},
            {"name": "staging", "into_file": file.display().to_string()},
        ]),
    )
}

fn restore(server: &Server, into: &str) -> Answer {
    Answer::send(
        &format!("{}/backup/restore", server.url),
        TOKEN,
        &json!({"into": into}),
    )
}

#[test]
fn a_client_names_what_the_configuration_lists_and_nothing_else() {
    let sidecar = sidecar();
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let (listed, other) = (
        sidecar.folder().join("listed"),
        sidecar.folder().join("other"),
    );
    for into in [other.to_str().unwrap(), "postgresql://attacker/", "/", ""] {
        let refused = restore(&server, into);
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (400, json!("unknown-target")),
            "{into}"
        );
    }
    for into in ["listed", listed.to_str().unwrap()] {
        let accepted = restore(&server, into);
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let run = server.over(accepted.header("location"));
        assert_eq!(run["state"], "succeeded", "{run}");
        assert_eq!(
            std::fs::read_to_string(listed.join("back")).unwrap(),
            "rows\n"
        );
        std::fs::remove_file(listed.join("back")).unwrap();
    }
    assert!(!other.join("back").exists());
}

#[test]
fn the_command_line_knows_their_names_and_a_dry_run_shows_what_is_used() {
    let sidecar = sidecar();
    sidecar.backup().succeeds();
    let preview = sidecar
        .run(&[
            "restore",
            "latest",
            "--into",
            "staging",
            "--dry-run",
            "--json",
        ])
        .succeeds()
        .never_says("u:p@staging")
        .json();
    let variables = preview["env"].as_array().unwrap();
    assert!(
        variables.contains(&json!("SIDE_CAR_RESTORE_INTO")),
        "{preview}"
    );
    sidecar
        .run(&["restore", "latest", "--into", "listed"])
        .succeeds();
    let back = sidecar.folder().join("listed/back");
    assert_eq!(std::fs::read_to_string(back).unwrap(), "rows\n");
}

#[test]
fn a_target_has_one_name_and_one_place() {
    let targets = |targets: Value| Sidecar::printing("x").set("restore.targets", targets);
    targets(json!([{"name": "a", "into": "/x"}, {"name": "a", "into": "/y"}]))
        .check()
        .exits(3)
        .stderr_contains("`a` is the name of another target");
    targets(json!([{"name": "a"}]))
        .check()
        .exits(3)
        .stderr_contains("`into` or `into_file` is required");
}

/// A part of SQLite's whose new name is a path is written there: a client names no place that way, either.
#[test]
fn a_new_name_is_no_way_to_another_place() {
    let sidecar = Sidecar::new();
    let [app, other, listed] =
        ["app.db", "other.db", "listed.db"].map(|name| sidecar.folder().join("data").join(name));
    std::fs::create_dir(app.parent().unwrap()).unwrap();
    let store = sidecar.folder().join("store");
    std::fs::create_dir(&store).unwrap();
    sh(&format!("sqlite3 {} 'CREATE TABLE t (x)'", app.display())).succeeds();
    let sidecar = sidecar
        .strategy("database_dump")
        .set(
            "strategy.config",
            json!({"engine": "sqlite", "url": format!("sqlite://{}", app.display())}),
        )
        .set(
            "stores",
            json!([{"name": "disk", "type": "fs", "path": store}]),
        )
        .set(
            "restore.targets",
            json!([{"name": "listed", "into": listed}]),
        );
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let named = |name: &str| {
        Answer::send(
            &format!("{}/backup/restore", server.url),
            TOKEN,
            &json!({"only": [{"name": "app.db", "new_name": name}]}),
        )
    };
    for name in [other.to_str().unwrap(), "../data/other.db", "x/../../y.db"] {
        let refused = named(name);
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (400, json!("unknown-target")),
            "{name}"
        );
    }
    assert!(!other.exists());
    for (name, written) in [(listed.to_str().unwrap(), &listed), ("other.db", &other)] {
        let accepted = named(name);
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let run = server.over(accepted.header("location"));
        assert_eq!(run["state"], "succeeded", "{run}");
        assert!(written.exists(), "{name}");
    }
    let own = format!("app.db={}/daily/x.db", store.display());
    sidecar
        .run(&["restore", "latest", "--only", &own])
        .exits(3)
        .stderr_contains("cannot be restored into");
}
