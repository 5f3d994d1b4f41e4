//! What strategies and their set are called, where they are asked for and where something is said of them.

use serde_json::json;

use super::{application, comes_back_from_a_file, custom, destroy, state};

#[test]
fn no_strategy_is_called_like_the_set() {
    let sidecar = application().set("strategies.set", custom("echo dump"));
    sidecar
        .check()
        .exits(3)
        .stderr_contains("strategies.set: `set` is what runs and schedules call the set of all");
}

#[test]
fn the_set_is_asked_for_by_the_name_that_lists_give_it() {
    let sidecar = application();
    sidecar.backup().succeeds();
    destroy(&sidecar);
    sidecar
        .run(&["restore", "latest", "--strategy", "sets"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 1");
}

#[test]
fn a_set_in_a_file_is_known_by_how_it_begins() {
    comes_back_from_a_file(&application(), "download");
}

#[test]
fn runs_over_http_are_those_of_the_strategy() {
    let sidecar = application();
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    for (list, key) in [("runs", "runs"), ("jobs", "jobs")] {
        let own = server.get(&format!("/backup/{list}?strategy=db")).json();
        let own = own[key].as_array().unwrap();
        assert_eq!((own.len(), &own[0]["member"]), (1, &json!("db")));
        let all = server.get(&format!("/backup/{list}")).json();
        assert_eq!(all[key].as_array().unwrap().len(), 3);
        let unknown = server.get(&format!("/backup/{list}?strategy=nothing"));
        assert_eq!(
            (unknown.status, &unknown.json()["code"]),
            (404, &json!("no-such-strategy"))
        );
    }
}

#[test]
fn what_check_finds_of_one_strategy_names_it() {
    let drill = json!({"into": "postgres://app@127.0.0.1:1/app"});
    let sidecar = application().set("drill", drill);
    let report = sidecar.run(&["check", "--offline"]);
    let found = report.exits(3);
    assert!(found.stderr.contains("uploads: "), "{found:#?}");
}

#[test]
fn a_set_with_a_strategy_that_is_gone_is_verified_as_far_as_it_goes() {
    let sidecar = application();
    sidecar.backup().succeeds();
    let other = json!({"db": custom("cat state"), "mail": custom("echo mail")});
    let sidecar = sidecar.strategies(other);
    sidecar
        .run(&["verify"])
        .exits(3)
        .stderr_contains("the set has a member uploads")
        .stderr_contains("what else the set names is unaltered");
    for verb in ["list", "check"] {
        sidecar
            .run(&[verb])
            .succeeds()
            .stderr_contains("not configured any more: uploads");
    }
}
