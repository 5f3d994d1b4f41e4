//! One of three databases of a server comes back from the page: the other two have every row that they had.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::{Client, backup, signed_in, with_store};
use crate::engines_postgres::sidecar;
use crate::harness::{Postgres, Sidecar, within};

const RUNNER: &str = "a-token-that-makes-backups-only";
/// How long several databases may take on a busy machine.
const RESTORE_LIMIT: Duration = Duration::from_secs(120);
const APPS: [&str; 3] = ["app1", "app2", "app3"];

/// A server with three databases, which were backed up and have changed since; the backup.
fn changed() -> (Postgres, Sidecar, String) {
    let postgres = Postgres::start();
    for app in APPS {
        postgres.sql("postgres", &format!("CREATE DATABASE {app}"));
        let rows = format!("SELECT i, '{app} ' || i AS text FROM generate_series(1, 500) i");
        postgres.sql(app, &format!("CREATE TABLE orders AS {rows}"));
    }
    let sidecar = with_store(sidecar(&postgres)).set(
        "secrets.tokens",
        json!({"night": {"scope": "run", "token": RUNNER}}),
    );
    let id = backup(&sidecar, &[]);
    for app in APPS {
        postgres.sql(app, "DELETE FROM orders WHERE i % 2 = 0");
    }
    (postgres, sidecar, id)
}

fn rows(postgres: &Postgres) -> [BTreeMap<String, String>; 3] {
    APPS.map(|app| postgres.contents(app))
}

fn orders(postgres: &Postgres, database: &str) -> String {
    let count = postgres.sql(database, "SELECT count(*) FROM orders");
    count.stdout.trim().to_owned()
}

#[test]
fn one_database_of_three_comes_back_under_a_new_name() {
    let (postgres, sidecar, id) = changed();
    let before = rows(&postgres);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/backups/{id}", server.url));
    browser
        .clicks("input[name=only][value=app2]")
        .clicks("form[action*=restore] button");
    browser.reads("h1", "What should come back?");
    // What makes the parts findable is no part that a person brings back.
    assert!(!browser.text("main form").contains("index"));
    browser.clicks("main form button");
    browser.reads("main", "app2");
    browser.clicks("main form button");
    browser.reads("h1", "Read what will happen");
    browser.reads("main .parts", "app2 → app2_copy");
    browser.reads("main .parts .good", "new");
    browser.reads("main", "Restores to PostgreSQL 1");
    browser.clicks("form[method=post].stack button");
    browser.reads("#run .state", "Succeeded");
    assert_eq!(orders(&postgres, "app2_copy"), "500");
    assert_eq!(rows(&postgres), before);
}

#[test]
fn one_database_of_three_is_replaced_once_its_name_is_typed() {
    let (postgres, sidecar, id) = changed();
    let [app1, _, app3] = rows(&postgres);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/restore/{id}?only=app2", server.url));
    browser.clicks("main form button");
    browser
        .clicks("input[value=replace]")
        .clicks("main form button");
    browser.reads("main .parts .bad", "exists: will be REPLACED");
    browser.reads("button.danger", "Replace app2");
    browser.types("#typed", "app1").clicks("button.danger");
    browser.reads("#problem", "is another one");
    assert_eq!(orders(&postgres, "app2"), "250");
    browser.types("#typed", "app2").clicks("button.danger");
    browser.reads("#run .state", "Succeeded");
    assert_eq!(orders(&postgres, "app2"), "500");
    assert_eq!(postgres.contents("app1"), app1);
    assert_eq!(postgres.contents("app3"), app3);
}

#[test]
fn all_databases_come_back_beside_those_that_are_there() {
    let (postgres, sidecar, id) = changed();
    let before = rows(&postgres);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/restore/{id}", server.url));
    browser.clicks("main form button");
    browser.reads("h1", "Where should it come back to?");
    // The roles of a server have no other name.
    assert!(!browser.text("main form").contains("globals"));
    browser.clicks("main form button");
    browser.reads("main", "app3_copy");
    browser.clicks("form[method=post].stack button");
    browser.reads("h1", "Restore");
    let run = browser.evaluates("return location.pathname.split('/').pop()");
    let job = format!("/backup/jobs/{}", run.as_str().unwrap());
    within(RESTORE_LIMIT, "all databases are restored", || {
        (server.get(&job).json()["state"] == "succeeded").then_some(())
    });
    for app in APPS {
        assert_eq!(orders(&postgres, &format!("{app}_copy")), "500");
    }
    assert_eq!(rows(&postgres), before);
}

#[test]
fn nothing_is_replaced_by_an_address_a_form_or_a_token_that_may_not() {
    let (postgres, sidecar, id) = changed();
    let before = rows(&postgres);
    let server = sidecar.serve();
    let read = format!("/ui/restore/{id}/read");
    let client = Client::signed_in(&server);
    let address = format!("{read}?only=app2&to=replace");
    let plan = client.hidden(&address, "plan");
    let asked = [("only", "app2"), ("to", "replace"), ("plan", &plan)];
    let with = |typed: &'static str| [&asked[..], &[("typed", typed)]].concat();
    // Looking at it, and sending it without the name or with another one.
    assert_eq!(
        client
            .gets(&format!("{address}&typed=app2&plan={plan}"))
            .status,
        200
    );
    for fields in [asked.to_vec(), with(""), with("app3"), with("APP2")] {
        assert_eq!(client.submits(&read, &fields).status, 409, "{fields:?}");
    }
    // The very form that would replace it, by a token that makes backups only.
    let runner = Client::signed_in_with(&server, RUNNER);
    let shown = runner.reads(&format!("/ui/backups/{id}"));
    assert!(!shown.contains("Restore what is ticked"), "{shown}");
    assert_eq!(runner.gets(&address).status, 403);
    assert_eq!(runner.submits(&read, &with("app2")).status, 403);
    assert_eq!(rows(&postgres), before);
    // By one that may.
    assert_eq!(client.submits(&read, &with("app2")).status, 303);
}
