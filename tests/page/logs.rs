//! What the commands of a run say is there to be read and copied: of a backup, a restore, a drill and a set, while they run
//! and after.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{Client, backup, signed_in, with_store};
use crate::harness::{Answer, Server, Sidecar, TOKEN};

/// A strategy that says on its way what it does; `wait` is where it stops.
fn speaking(wait: &str) -> Value {
    json!({
        "type": "custom",
        "artifact": {"filename": "db.dump"},
        "config": {
            "command": "echo dumping >&2; echo rows",
            "capture_stdout": true,
            "restore": format!("cat > \"${{SIDE_CAR_RESTORE_INTO:-.}}/state\"; echo loading >&2; {wait} >&2; echo loaded >&2"),
        },
    })
}

fn with_drill(mut strategy: Value, scratch: &Path) -> Value {
    strategy["drill"] = json!({"into": scratch, "check": ["echo checking >&2"]});
    strategy
}

/// All that a run has said.
fn said(server: &Server, job: &str) -> Vec<String> {
    let log = server.get(&format!("{job}/log")).json();
    let lines = log["lines"].as_array().unwrap_or_else(|| panic!("{log}"));
    let texts = lines.iter().map(|line| line["text"].as_str().unwrap());
    texts.map(str::to_owned).collect()
}

fn ordered(server: &Server, order: &Value) -> String {
    let answer = Answer::send(&format!("{}/backup/restore", server.url), TOKEN, order);
    assert_eq!(answer.status, 202, "{answer:?}");
    let job = answer.header("location").to_owned();
    assert_eq!(server.over(&job)["state"], "succeeded");
    job
}

#[test]
fn a_restore_and_a_drill_keep_what_they_say() {
    let sidecar = with_store(Sidecar::new());
    let scratch = sidecar.folder().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let strategy = with_drill(speaking("true"), &scratch);
    let sidecar = sidecar.set("drill", strategy["drill"].clone());
    let sidecar = sidecar.set("strategy", without(strategy, "drill"));
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    assert!(said(&server, &format!("/backup/jobs/{id}")).contains(&"dumping".to_owned()));
    let restore = ordered(&server, &json!({"backup": id}));
    assert_eq!(said(&server, &restore), ["loading", "loaded"]);
    let drill = server.post("/backup/drill").header("location").to_owned();
    assert_eq!(server.over(&drill)["state"], "succeeded");
    assert_eq!(said(&server, &drill), ["loading", "loaded", "checking"]);
    // The page has them, with the zone of their times.
    let (_, run) = restore.rsplit_once('/').unwrap();
    let shown = Client::signed_in(&server).reads(&format!("/ui/runs/{run}"));
    assert!(shown.contains("Times are in UTC."), "{shown}");
    assert!(shown.contains("Z</span> stderr: loaded</div>"), "{shown}");
}

fn without(mut strategy: Value, key: &str) -> Value {
    strategy.as_object_mut().unwrap().remove(key);
    strategy
}

#[test]
fn a_set_and_its_restore_keep_what_they_say() {
    let sidecar = with_store(Sidecar::new())
        .strategies(json!({"db": speaking("true"), "other": speaking("true")}))
        .set(
            "set.quiesce",
            json!({"before": "echo maintenance >&2", "after": "echo back >&2"}),
        );
    let set = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let of_set = said(&server, &format!("/backup/jobs/{set}"));
    assert_eq!(of_set, ["maintenance", "back"]);
    let runs = server.get("/backup/runs").json();
    let members = runs["runs"].as_array().unwrap().iter();
    let members: Vec<&Value> = members.filter(|run| run["member"].is_string()).collect();
    assert_eq!(members.len(), 2, "{runs}");
    for member in members {
        let id = member["id"].as_str().unwrap();
        assert_eq!(said(&server, &format!("/backup/jobs/{id}")), ["dumping"]);
    }
    let restore = ordered(&server, &json!({"backup": set}));
    assert_eq!(
        said(&server, &restore),
        ["loading", "loaded", "loading", "loaded"]
    );
}

#[test]
fn a_log_is_followed_while_it_is_written_and_copied() {
    let sidecar = with_store(Sidecar::new());
    let gate = sidecar.gate("half-way");
    let sidecar = sidecar.set("strategy", speaking(&gate.wait()));
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/restore/{id}/read?to=original", server.url));
    browser.clicks("form[method=post].stack button");
    let mut open = gate.reached();
    browser.reads("#log", "stderr: loading");
    assert!(!browser.text("#log").contains("loaded"));
    let follows = browser.evaluates("return document.getElementById('follow-log').checked");
    assert_eq!(follows, true);
    // More than fits: the last line stays in sight.
    for line in 0..200 {
        writeln!(open, "row {line}").unwrap();
    }
    drop(open);
    // Without being asked again.
    browser.reads("#log", "stderr: loaded");
    let below = "const log = document.getElementById('log'); \
                 return log.scrollHeight - log.clientHeight - Math.round(log.scrollTop)";
    assert_eq!(browser.evaluates(below), 0);
    browser.reads("#run .state", "Succeeded");
    let copied = browser.copies("[data-copies=log]");
    assert_eq!(copied, browser.text("#log"));
    assert!(copied.contains("Z stderr: loading\n"), "{copied}");
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}
