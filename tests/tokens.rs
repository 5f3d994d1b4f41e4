//! Tokens with a scope, and the audit log of what was asked with them.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, Sidecar, TOKEN, within};
use crate::page::client::Client;

const SCOPES: [&str; 4] = ["read", "run", "restore", "admin"];

/// A sidecar with a token of each scope, called as the scope.
fn with_tokens() -> Sidecar {
    let tokens = ["read", "run", "restore"].map(|scope| {
        let token = json!({"scope": scope, "token": format!("a-token-for-{scope}")});
        (scope.to_owned(), token)
    });
    let tokens: serde_json::Map<String, Value> = tokens.into_iter().collect();
    Sidecar::printing("0123456789").set("secrets.tokens", tokens)
}

fn ask(server: &Server, scope: &str, method: &str, path: &str) -> Answer {
    let token = match scope {
        "admin" => TOKEN.to_owned(),
        scope => format!("a-token-for-{scope}"),
    };
    let url = format!("{}{path}", server.url);
    Answer::ask(
        method,
        &url,
        &[("Authorization", &format!("Bearer {token}"))],
    )
}

/// Every operation of the document: its method, its path, and the scope that it needs.
fn operations(server: &Server) -> Vec<(String, String, String)> {
    let document = server.get("/openapi.json").json();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            if let Some(scope) = described["security"][0]["token"][0].as_str() {
                let path = path.replace("{id}", "latest");
                found.push((method.to_uppercase(), path, scope.to_owned()));
            }
        }
    }
    found
}

#[test]
fn each_operation_is_refused_to_every_lesser_scope_and_says_which_it_needs() {
    let server = with_tokens().serve();
    let rank = |scope: &str| SCOPES.iter().position(|one| *one == scope).unwrap();
    let all = operations(&server);
    assert!(all.len() > 20, "{all:?}");
    for (method, path, needs) in &all {
        for scope in SCOPES {
            if rank(scope) >= rank(needs) {
                continue;
            }
            let refused = ask(&server, scope, method, path);
            assert_eq!(refused.status, 403, "{scope}: {method} {path}");
            let refused = refused.json();
            assert_eq!(refused["code"], "scope-missing");
            let hint = refused["hint"].as_str().unwrap();
            assert!(
                hint.contains(&format!("scope {needs}")),
                "{method} {path}: {hint}"
            );
        }
    }
}

#[test]
fn each_token_does_what_its_scope_allows() {
    let server = with_tokens().serve();
    for path in [
        "/backup/status",
        "/backup/jobs",
        "/metrics",
        "/openapi.json",
    ] {
        assert_eq!(ask(&server, "read", "GET", path).status, 200, "{path}");
    }
    assert_eq!(
        ask(&server, "run", "POST", "/backup/export").body,
        b"0123456789"
    );
    let url = format!("{}/backup/restore", server.url);
    let order = json!({"dry_run": true});
    let preview = Answer::send(&url, "a-token-for-restore", &order);
    // The strategy has no way back: the order came through to it.
    assert_ne!(preview.status, 403, "{preview:?}");
    assert_eq!(Answer::send(&url, "a-token-for-run", &order).status, 403);
    assert_eq!(ask(&server, "admin", "GET", "/backup/audit").status, 200);
    let wrong = Answer::get(
        &format!("{}/backup/status", server.url),
        Some("a-token-for-nothing"),
    );
    assert_eq!(wrong.status, 401);
}

#[test]
fn the_audit_log_says_who_asked_for_what() {
    let sidecar = with_tokens();
    let server = sidecar.serve();
    let url = ask(&server, "run", "POST", "/backup/run")
        .header("location")
        .to_owned();
    server.over(&url);
    assert_eq!(ask(&server, "run", "POST", "/backup/prune").status, 403);
    assert_eq!(ask(&server, "read", "GET", "/backup/status").status, 200);
    let log = ask(&server, "admin", "GET", "/backup/audit").json();
    let entries = log["audit"].as_array().unwrap();
    let said: Vec<_> = entries
        .iter()
        .map(|one| {
            [&one["who"], &one["operation"], &one["outcome"]].map(|text| text.as_str().unwrap())
        })
        .collect();
    let job = format!("202 job {}", url.rsplit('/').next().unwrap());
    assert_eq!(
        said,
        [
            ["run", "POST /backup/prune", "403 scope-missing"],
            ["run", "POST /backup/run", job.as_str()],
        ],
        "{log}"
    );
    assert_eq!(entries[0]["address"], "127.0.0.1");
    let printed = sidecar.run(&["audit", "--json"]).succeeds();
    assert_eq!(printed.json(), log);
    printed.never_says("a-token-for");
    sidecar
        .run(&["audit", "-n", "1"])
        .succeeds()
        .stdout_contains("scope-missing");
}

#[test]
fn the_configuration_is_shown_without_what_variables_hold() {
    let sidecar = with_tokens().env("PLACE", "a-place-of-secrets").set(
        "strategy.config.env",
        json!({"PLACE": "${PLACE}", "PLAIN": "yes"}),
    );
    let server = sidecar.serve();
    let answer = ask(&server, "admin", "GET", "/backup/config");
    let shown = answer.json();
    let config = &shown["configuration"];
    assert_eq!(
        config["strategy"]["config"]["env"],
        json!({"PLACE": "***", "PLAIN": "yes"})
    );
    assert_eq!(config["secrets"]["api_token"], "***", "{shown}");
    let text = String::from_utf8(answer.body).unwrap();
    for secret in [TOKEN, "a-token-for", "a-place-of-secrets"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[test]
fn modules_say_what_they_ask_for_and_may_have() {
    let server = with_tokens().serve();
    let told = ask(&server, "admin", "GET", "/backup/modules").json();
    let names = told["modules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"]);
    assert!(names.clone().any(|name| name == "custom"), "{told}");
    let grants = told["strategies"][0]["grants"].as_array().unwrap();
    let command = grants
        .iter()
        .find(|grant| grant["access"] == "commands")
        .unwrap();
    assert_eq!(
        (&command["asked"], &command["allowed"]),
        (&json!("printf '0123456789'"), &json!(true))
    );
    assert_eq!(told["strategies"][0]["errors"], json!([]));
}

#[test]
fn equal_refusals_are_counted_and_what_was_done_is_in_the_log_too() {
    let sidecar = with_tokens();
    let mut server = sidecar.serve();
    let made = ask(&server, "run", "POST", "/backup/export");
    assert_eq!(made.status, 200);
    for number in 0..30 {
        let path = format!("/backup/config?{number}");
        assert_eq!(ask(&server, "read", "GET", &path).status, 403);
    }
    let log = ask(&server, "admin", "GET", "/backup/audit").json();
    let [refused, done] = log["audit"].as_array().unwrap().as_slice() else {
        panic!("{log}");
    };
    assert_eq!(
        (&refused["who"], &refused["times"], &refused["target"]),
        (&json!("read"), &json!(30), &json!("/backup/config?29"))
    );
    assert!(refused["since"].is_string(), "{log}");
    assert_eq!(
        (&done["who"], &done["operation"], &done["times"]),
        (&json!("run"), &json!("POST /backup/export"), &Value::Null)
    );
    sidecar
        .run(&["audit"])
        .succeeds()
        .stdout_contains("(30 times since ");
    let line = server.logs("done for a client");
    for text in ["POST /backup/export", "127.0.0.1", "\"who\":\"run\""] {
        assert!(line.contains(text), "{line}");
    }
}

#[test]
fn what_was_asked_is_written_down_also_for_a_client_that_hangs_up() {
    let sidecar = with_tokens().command("sleep 3; echo x");
    let server = sidecar.serve();
    let address = server.url.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let order = format!(
        "POST /backup/export HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer a-token-for-run\r\nContent-Length: 0\r\n\r\n"
    );
    client.write_all(order.as_bytes()).unwrap();
    within(Duration::from_secs(20), "the run begins", || {
        let runs = ask(&server, "admin", "GET", "/backup/jobs").json();
        (runs["jobs"][0]["state"] == "running").then_some(())
    });
    drop(client);
    let entry = within(
        Duration::from_secs(20),
        "the order is in the audit log",
        || {
            let log = ask(&server, "admin", "GET", "/backup/audit").json();
            let entry = &log["audit"][0];
            (entry["operation"] == "POST /backup/export").then(|| entry.clone())
        },
    );
    assert_eq!(entry["who"], "run");
    assert_eq!(entry["outcome"], "the client did not wait for the answer");
}

#[test]
fn a_command_line_is_for_those_who_may_see_the_configuration_and_tells_no_secret() {
    const SECRETS: [&str; 3] = ["URLSECRET-1234", "hunter2", "hunt7"];
    let store = tempfile::tempdir().unwrap();
    let sidecar = with_tokens()
        .set("stores", json!([{"name": "local", "type": "fs", "path": store.path()}]))
        .command("PGPASSWORD=hunter2 printf x # postgresql://app:URLSECRET-1234@db/app")
        .set(
            "strategy.config.restore",
            "cat > \"${SIDE_CAR_RESTORE_INTO:-.}/state\" # mysql -u root -phunt7 postgresql://app:URLSECRET-1234@db/app",
        );
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let read = ask(&server, "read", "GET", "/backup/modules");
    let commands = |answer: &Answer| -> Vec<String> {
        let told = answer.json();
        let strategy = &told["strategies"][0];
        let all = [&strategy["grants"], &strategy["restore_grants"]];
        let all = all
            .into_iter()
            .flat_map(|grants| grants.as_array().unwrap());
        let lines = all.filter(|grant| grant["access"] == "commands");
        lines
            .map(|grant| grant["asked"].as_str().unwrap().to_owned())
            .collect()
    };
    let hidden = commands(&read);
    assert!(
        !hidden.is_empty() && hidden.iter().all(|line| line == "***"),
        "{hidden:?}"
    );
    let admin = ask(&server, "admin", "GET", "/backup/modules");
    let shown = commands(&admin);
    let line = "PGPASSWORD=*** printf x # postgresql://app:***@db/app";
    assert!(shown.iter().any(|one| one == line), "{shown:?}");

    let order = json!({"dry_run": true});
    let url = format!("{}/backup/restore", server.url);
    let preview = Answer::send(&url, "a-token-for-restore", &order);
    assert!(
        preview.json()["commands"][0]
            .as_str()
            .unwrap()
            .contains("-p***"),
        "{preview:?}"
    );
    let page = Client::signed_in_with(&server, "a-token-for-restore");
    let id = preview.json()["backup"].as_str().unwrap().to_owned();
    let read_screen = page.reads(&format!("/ui/restore/{id}/read?to=original"));
    assert!(read_screen.contains("app:***@db"), "{read_screen}");
    let checked = sidecar.run(&["check"]).succeeds().stdout;
    assert!(checked.contains("app:***@db"), "{checked}");
    let text = |answer: Answer| String::from_utf8(answer.body).unwrap();
    for shown in [
        text(read),
        text(admin),
        text(preview),
        text(ask(&server, "admin", "GET", "/backup/config")),
        read_screen,
        Client::signed_in(&server).reads("/ui/sidecar"),
        checked,
        sidecar.run(&["check", "--json"]).succeeds().stdout,
    ] {
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

#[test]
fn a_token_that_can_be_guessed_is_named_beforehand() {
    let tokens = json!({"fleet": {"scope": "read", "token": "guess-me"}});
    let sidecar = Sidecar::printing("x").set("secrets.tokens", tokens);
    let found = sidecar.run(&["check", "--json"]).succeeds();
    let found = found.never_says("guess-me").json();
    let warning = &found["warnings"][0];
    assert_eq!(warning["code"], "short-token", "{found}");
    assert!(warning["message"].as_str().unwrap().ends_with(": fleet"));
}
