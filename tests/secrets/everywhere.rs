//! Everything that a full run of every verb prints, at every level of the log, answers, or leaves.

use std::fs;
use std::io::{BufRead as _, BufReader};

use serde_json::json;

use super::{IDENTITY, KEY, PASSWORD, REGISTRY, holds_none, with_secrets};
use crate::harness::{
    Answer, Receiver, Registry, S3, Server, Sidecar, TOKEN, age_key, agent, component,
};

/// All that there is to be told but of compiling: megabytes that know nothing of a configuration.
const TRACE: &str = "trace,wasmtime=warn,wasmtime_environ=warn,wasmtime_cranelift=warn,wasmtime_wasi=info,cranelift_codegen=warn,regalloc2=warn";
/// The options, and `RUST_LOG`: what prints most, and how a program reads it.
const LEVELS: [(&[&str], &str); 4] = [
    (&["-vv"], TRACE),
    (&["--json"], TRACE),
    (&["-v"], ""),
    (&[], "debug"),
];

/// Every verb that ends by itself, in an order in which each finds what it needs.
const VERBS: &[&[&str]] = &[
    &["backup"],
    &["check"],
    &["check", "--offline"],
    &["list"],
    &["verify", "latest"],
    &["restore", "latest", "--dry-run"],
    &["restore", "latest", "--replace"],
    &["fetch", "latest", "-o", "fetched"],
    &["drill"],
    &["upload"],
    &["prune"],
    &["sync", "--from", "minio", "--to", "minio"],
    &["lifecycle"],
    &["adopt"],
    &["runs"],
    &["module", "list"],
    &["module", "lock", "--accept"],
    &["health"],
    &["schema", "config"],
];

/// With a drill, a registry, and a scratch target whose URL has a password.
fn with_all(s3: &S3, receiver: &Receiver, registry: &Registry) -> Sidecar {
    with_secrets(s3, receiver)
        .set(
            "drill",
            json!({"into": "postgresql://app:${DRILL}@scratch/app", "check": ["true"]}),
        )
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set(
            &format!("registries.{}", registry.host),
            json!({"username": "ci", "password": "${REGISTRY}"}),
        )
        .set("retention", json!({"daily": {"last": 2}}))
        .env("REGISTRY", REGISTRY)
        .env("DRILL", PASSWORD)
}

/// Runs it at one level, and looks through what it prints.
fn run(sidecar: &Sidecar, (options, filter): (&[&str], &str), verb: &[&str]) -> Option<i32> {
    let arguments = [options, verb].concat();
    let mut command = sidecar.sidecar(&arguments);
    if !filter.is_empty() {
        command.env("RUST_LOG", filter);
    }
    let done = crate::harness::Running::start(command).finish();
    for text in [&done.stdout, &done.stderr] {
        holds_none(
            &format!("{arguments:?} with RUST_LOG={filter}"),
            text.as_bytes(),
        );
    }
    done.code
}

/// All that lies in the folders of a sidecar, and in the bucket, but what the operator wrote.
#[track_caller]
fn nothing_left(sidecar: &Sidecar, s3: &S3) {
    let mut folders = vec![sidecar.folder().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_operators = path
                .extension()
                .is_some_and(|extension| extension == "yaml" || extension == "key");
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() && !is_operators {
                files += 1;
                holds_none(&path.display().to_string(), &fs::read(&path).unwrap());
            }
        }
    }
    assert!(files > 3, "{files} files were looked at");
    for key in s3.keys() {
        holds_none(&key, &s3.object(&key));
    }
}

#[test]
fn no_verb_prints_or_leaves_one_at_any_level() {
    let (s3, receiver) = (S3::start(), Receiver::start());
    let registry = Registry::private("ci", REGISTRY);
    let sidecar = with_all(&s3, &receiver, &registry);
    for (at, level) in LEVELS.into_iter().enumerate() {
        // What prints most goes through all of them.
        let verbs = if at < 2 { VERBS } else { &VERBS[..2] };
        let ended: Vec<_> = verbs
            .iter()
            .map(|verb| run(&sidecar, level, verb))
            .collect();
        assert_eq!(ended[0], Some(0), "the backup");
    }
    let reference = format!("{}/acme/hello:1", registry.host);
    let file = component("hello");
    let push = ["module", "push", file.to_str().unwrap(), &reference];
    assert_eq!(run(&sidecar, LEVELS[0], &push), Some(0));
    let pull = ["module", "pull", &reference, "-o", "pulled"];
    assert_eq!(run(&sidecar, LEVELS[0], &pull), Some(0));
    nothing_left(&sidecar, &s3);
}

#[test]
fn what_a_failing_command_says_holds_none() {
    let (s3, receiver) = (S3::start(), Receiver::start());
    // What it prints is a part of the error, of the journal and of what receivers get.
    let shouting = "printf '%s\\n' \"$TOKEN $PASSPHRASE $HOOK $DATABASE_URL $KEY\" >&2; exit 3";
    let sidecar = with_secrets(&s3, &receiver)
        .set("strategy.config.command", shouting)
        .env("KEY", KEY);
    for level in &LEVELS[..2] {
        assert_eq!(run(&sidecar, *level, &["backup"]), Some(1));
    }
    sidecar.backup().exits(1).stderr_contains("***");
    nothing_left(&sidecar, &s3);
    // A start and a failure for each of three runs.
    for _ in 0..6 {
        holds_none(
            "a notification",
            receiver.next().json().to_string().as_bytes(),
        );
    }
}

#[test]
fn a_private_key_stays_in_its_file() {
    let (s3, receiver) = (S3::start(), Receiver::start());
    let sidecar = with_secrets(&s3, &receiver);
    let file = sidecar.folder().join("age.key");
    let public = age_key(&file);
    assert!(fs::read_to_string(&file).unwrap().contains(IDENTITY));
    let sidecar = sidecar.set(
        "strategy.artifact.encryption",
        json!({"age": {"recipients": [public], "identity_file": file}}),
    );
    for verb in [
        &["backup"][..],
        &["check"],
        &["verify", "latest"],
        &["fetch", "latest", "-o", "fetched"],
        &["restore", "latest", "--replace"],
    ] {
        assert_eq!(run(&sidecar, LEVELS[0], verb), Some(0), "{verb:?}");
    }
    nothing_left(&sidecar, &s3);
}

fn first_event(server: &Server) -> Vec<u8> {
    let request = agent().get(format!("{}/backup/events", server.url));
    let answer = request
        .header("Authorization", format!("Bearer {TOKEN}"))
        .call();
    let lines = BufReader::new(answer.unwrap().into_body().into_reader()).lines();
    let event = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty());
    event.collect::<Vec<_>>().join("\n").into_bytes()
}

#[test]
fn no_answer_of_the_server_and_no_line_of_its_log_holds_one() {
    let (s3, receiver) = (S3::start(), Receiver::start());
    let registry = Registry::private("ci", REGISTRY);
    let sidecar = with_all(&s3, &receiver, &registry).env("RUST_LOG", TRACE);
    let mut server = sidecar.serve();
    let job = server.start_run();
    server.over(&job);
    let document = server.get("/openapi.json").json();
    let id = |list: &str, of: &str| {
        let listed = server.get(list).json();
        listed[of][0]["id"].as_str().unwrap_or_default().to_owned()
    };
    let job = id("/backup/jobs", "jobs");
    let backup = id("/backup/backups", "backups");
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let id = if path.contains("/backups/") {
            &backup
        } else {
            &job
        };
        let path = path.replace("{id}", id);
        for method in operations.as_object().unwrap().keys() {
            if !["get", "post"].contains(&method.as_str()) {
                continue;
            }
            // It goes on for as long as the server does.
            if path == "/backup/events" {
                holds_none(&path, &first_event(&server));
                continue;
            }
            let answers = [
                server.ask(&method.to_uppercase(), &path, &[]),
                Answer::ask(
                    &method.to_uppercase(),
                    &format!("{}{path}", server.url),
                    &[],
                ),
            ];
            for answer in answers {
                asked += 1;
                holds_none(&format!("{method} {path}"), &answer.body);
                holds_none(
                    &format!("{method} {path}"),
                    format!("{:?}", answer.headers).as_bytes(),
                );
            }
        }
    }
    assert!(asked > 30, "{asked} requests");
    for path in [
        "/",
        "/metrics",
        "/openapi.json",
        &format!("/?token={}", "wrong"),
    ] {
        holds_none(path, &server.get(path).body);
    }
    for (_, line) in sidecar.processes() {
        holds_none("a command line", line.as_bytes());
    }
    holds_none("the log", server.log().as_bytes());
    drop(server);
    nothing_left(&sidecar, &s3);
}
