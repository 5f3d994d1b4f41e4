//! Each member has its own folder, journal lines and schedule; a single strategy is as it ever was.

use std::fs;

use serde_json::json;

use super::{application, custom, listed, store, with_store};
use crate::harness::{Sidecar, component};

#[test]
fn each_lies_in_a_folder_of_its_own_and_the_set_beside_them() {
    let sidecar = application();
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    let app = store(&sidecar).join("app");
    let mut folders: Vec<_> = fs::read_dir(&app)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, ["db", "sets", "uploads"]);
    let daily = |name: &str| {
        let files = fs::read_dir(app.join(name).join("daily")).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    };
    assert_eq!([daily("db").len(), daily("uploads").len()], [2, 2]);
    let list: serde_json::Value =
        serde_json::from_slice(&fs::read(&daily("sets")[0]).unwrap()).unwrap();
    assert_eq!(
        (&list["set_version"], &list["id"]),
        (&json!(1), &made["id"])
    );
    assert!(list["quiesced_at"].as_str() < list["resumed_at"].as_str());
    let members = list["members"].as_array().unwrap();
    let ids: Vec<_> = members
        .iter()
        .map(|member| (&member["strategy"], &member["id"]))
        .collect();
    let of = |at: usize| (&made["members"][at]["member"], &made["members"][at]["id"]);
    assert_eq!(ids, [of(0), of(1)]);
}

#[test]
fn the_journal_knows_members_and_sets() {
    let sidecar = application();
    sidecar.backup().succeeds();
    sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
    let runs = runs["runs"].as_array().unwrap();
    let of: Vec<_> = runs
        .iter()
        .map(|run| (run["member"].as_str(), run["set_id"].is_string()))
        .collect();
    assert_eq!(
        of,
        [
            (Some("db"), false),
            (None, true),
            (Some("uploads"), true),
            (Some("db"), true)
        ]
    );
    let set = &runs[1];
    assert!(runs[1..].iter().all(|run| run["set_id"] == set["id"]));
    let own = sidecar
        .run(&["runs", "--strategy", "db", "--json"])
        .succeeds()
        .json();
    assert_eq!(own["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn members_run_beside_each_other_where_the_operator_says_so() {
    let sidecar = application();
    let (first, second) = (sidecar.gate("first"), sidecar.gate("second"));
    // Each lets the other one go on.
    let line = |mine: &str, other: String| format!("{other}; echo {mine}");
    let sidecar = sidecar
        .set("strategies.db", custom(&line("one", first.wait())))
        .set("strategies.uploads", custom(&line("two", second.wait())))
        .set("set.parallel", 2);
    let run = sidecar.start(&["backup"]);
    let (one, two) = (first.reached(), second.reached());
    drop((one, two));
    run.finish().succeeds();
    assert_eq!(listed(&sidecar).len(), 3);
}

#[test]
fn check_says_it_in_a_table() {
    let sidecar = application()
        .set("schedule", json!([{"cron": "0 3 * * *"}]))
        .set("strategies.db.schedule", json!([{"cron": "15 * * * *"}]))
        .set(
            "retention",
            json!({"daily": {"days": 30}, "monthly": {"last": 12}}),
        );
    let text = sidecar.check().succeeds().stdout;
    let line = |name: &str| {
        let mut lines = text.lines().filter(|line| line.starts_with(name));
        lines
            .next()
            .unwrap_or_else(|| panic!("{name}:\n{text}"))
            .to_owned()
    };
    assert!(
        line("uploads ").contains("file_archive uploads  with the set"),
        "{text}"
    );
    assert!(
        line("uploads ").ends_with("local   daily 30 days, monthly the last 12"),
        "{text}"
    );
    assert!(
        line("db ").contains(":15:00+00:00, and with the set"),
        "{text}"
    );
    assert!(line("set ").contains("db, uploads"), "{text}");
    let json = sidecar.run(&["check", "--json"]).succeeds().json();
    assert_eq!(json["overview"][2]["name"], "set");

    let broken = sidecar.set("strategies.db.config.command", "no-such-program-here");
    broken
        .check()
        .exits(3)
        .stderr_contains("no-such-program-here");
}

#[test]
fn every_verb_knows_members() {
    let sidecar = application();
    sidecar.backup().succeeds();
    for verb in [
        &["verify", "--all"][..],
        &["prune"],
        &["upload", "--pending"],
    ] {
        sidecar.run(verb).succeeds();
    }
    sidecar
        .run(&["fetch", "latest", "--strategy", "db", "-o", "dump"])
        .succeeds();
    assert_eq!(
        fs::read_to_string(sidecar.folder().join("dump")).unwrap(),
        "state 1"
    );
}

/// What a single strategy leaves in its store and says of itself: as before there were several.
#[test]
fn a_single_strategy_is_as_it_ever_was() {
    let sidecar = super::with_store(Sidecar::printing("the dump"));
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let known = [
        "id",
        "strategy",
        "artifact",
        "stores",
        "started_at",
        "finished_at",
        "duration_ms",
    ];
    assert_eq!(keys(&made), known);
    let list = sidecar.run(&["list", "--json"]).succeeds().json();
    let backup = &list["backups"][0];
    assert_eq!(keys(backup), ["store", "key", "health", "manifest"]);
    let known = [
        "manifest_version",
        "id",
        "tier",
        "started_at",
        "finished_at",
        "strategy",
        "tools",
        "sidecar",
        "lease",
        "artifact",
        "parts",
        "seq",
        "owner",
    ];
    assert_eq!(keys(&backup["manifest"]), known);
    assert!(backup["key"].as_str().unwrap().starts_with("daily/backup_"));
    assert!(
        store(&sidecar).join("app/daily").is_dir() && !store(&sidecar).join("app/sets").exists()
    );
    let server = sidecar.serve();
    assert_eq!(
        keys(&server.get("/backup/capabilities").json()),
        ["version", "types"]
    );
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(
        !metrics.contains("strategy=") && !metrics.contains("sidecar_set_"),
        "{metrics}"
    );
    assert_eq!(server.post("/backup/export?strategy=db").status, 404);
}

/// A set of a module from elsewhere and of lines of the operator, all of which say where they start.
fn with_a_module_from_elsewhere(line: &str) -> Sidecar {
    with_store(Sidecar::new())
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow.commands", json!([line]))
        .strategies(json!({
            "notes": {
                "type": "hello",
                "artifact": {"filename": "notes.txt"},
                "config": {"greeting": "Hello", "command": line},
            },
            "db": custom("pwd"),
        }))
        .set(
            "set.quiesce",
            json!({"before": "pwd > began", "after": "pwd > ended"}),
        )
}

/// The newest artifact of a strategy in the store.
fn artifact(sidecar: &Sidecar, strategy: &str) -> String {
    let daily = store(sidecar).join("app").join(strategy).join("daily");
    let files = fs::read_dir(daily)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files = files.filter(|file| file.extension().is_none_or(|end| end != "json"));
    fs::read_to_string(files.next().unwrap()).unwrap()
}

#[test]
fn a_module_from_elsewhere_works_where_no_line_of_the_operator_starts() {
    let sidecar = with_a_module_from_elsewhere("echo \"$SIDE_CAR_WORKDIR\"");
    let work = fs::canonicalize(sidecar.workdir()).unwrap();
    let own = sidecar.workdir().join("notes");
    sidecar
        .run(&["check"])
        .succeeds()
        .stdout_contains(own.to_str().unwrap());
    sidecar.backup().succeeds();
    assert_eq!(
        artifact(&sidecar, "notes"),
        format!("Hello\n{}\n", own.display())
    );
    assert!(own.is_dir());
    let at_work = format!("{}\n", work.display());
    assert_eq!(artifact(&sidecar, "db"), at_work);
    for said in ["began", "ended"] {
        assert_eq!(fs::read_to_string(work.join(said)).unwrap(), at_work);
    }
    // Nor does one start there because a line's own key says so.
    for below in ["notes", "./x/../notes/deep"] {
        let sidecar =
            with_a_module_from_elsewhere("true").set("strategies.db.config.workdir", below);
        sidecar
            .run(&["check"])
            .exits(3)
            .stderr_contains("a module from elsewhere writes in this folder");
    }
}

#[test]
fn what_a_module_leaves_beside_its_temporary_dump_ends_with_the_run() {
    let line = "echo left > \"${SIDE_CAR_TEMP_DUMP%/*}/new\"";
    let sidecar = with_a_module_from_elsewhere(line);
    sidecar.run(&["check"]).succeeds();
    let own = sidecar.folder().join("tmp/notes");
    fs::write(own.join("kept"), "the operator's").unwrap();
    sidecar.run(&["backup", "--strategy", "notes"]).succeeds();
    let left: Vec<_> = fs::read_dir(&own)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["kept"]);
}
