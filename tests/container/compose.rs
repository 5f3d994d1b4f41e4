//! `docker-compose.yml`: alone, merged into an application's file, and through `extends`.

use serde_json::{Value, json};

use super::Engine;
use super::app::{App, TIME_LIMIT};
use super::engine::{Network, SERVICES};
use crate::harness::{Finished, STOP_LIMIT, TOKEN, repository, sha256, within};

/// The network of the orchestrator.
const BACKUPS: &str = "backups_net";

/// A strategy whose artifact is what `command` prints.
fn printing(command: &str) -> Value {
    json!({"type": "custom", "config": {"command": command, "capture_stdout": true}})
}

/// The orchestrator, in a container on `network`.
fn orchestrator(engine: Engine, network: &str, url: &str, request: &str) -> Finished {
    let clients = format!(
        "{}:/clients:ro",
        repository().join("tests/clients").display()
    );
    let line = format!("python3 /clients/orchestrator.py {url} --token={TOKEN} {request}");
    engine.bash(SERVICES, &["--network", network, "-v", &clients], &line)
}

/// Whether a container on `network` can connect to a place.
fn reaches(engine: Engine, network: &str, host: &str, port: u16) -> bool {
    let line = format!("timeout 3 bash -c 'exec 3<>/dev/tcp/{host}/{port}'");
    engine.bash(SERVICES, &["--network", network], &line).code == Some(0)
}

/// What an export through `backups_net` brings.
fn export(app: &App) -> Value {
    let client = orchestrator(app.engine, BACKUPS, "http://sidecar:8000", "export");
    client.succeeds().json()
}

#[test]
fn alone_it_is_reached_through_its_network_only() {
    let Some(engine) = Engine::of("alone") else {
        return;
    };
    let _backups = Network::create(engine, BACKUPS);
    let app = App::new(engine);
    app.config(printing("seq 1 300000"), &[]);
    app.file("sidecar/.env", &format!("BACKUP_API_TOKEN={TOKEN}\n"));
    app.compose_in(&app.sidecar(), &["up", "-d"]).succeeds();
    app.ready();

    let asked = orchestrator(engine, BACKUPS, "http://sidecar:8000", "capabilities");
    assert_eq!(asked.succeeds().json()["json"]["version"], "v1");
    let expected: String = (1..=300_000).map(|n| format!("{n}\n")).collect();
    let exported = export(&app);
    assert_eq!(
        exported["sha256"],
        sha256(expected.as_bytes()),
        "{exported}"
    );

    // Not from another network: by no name, and by no address.
    let address = app.address("sidecar", BACKUPS);
    assert!(reaches(engine, BACKUPS, &address, 8000));
    assert!(!reaches(engine, "bridge", &address, 8000));
    assert!(!reaches(engine, "bridge", "sidecar", 8000));

    // The sidecar reaches the application, the orchestrator does not.
    let (service, inside) = (app.container("app"), app.app_internal());
    engine
        .docker(&[
            "exec",
            "-d",
            &service,
            "python3",
            "-m",
            "http.server",
            "8080",
        ])
        .succeeds();
    let dial = ["bash", "-c", "exec 3<>/dev/tcp/app/8080"];
    within(TIME_LIMIT, "the sidecar reaches the application", || {
        (app.exec(&dial).code == Some(0)).then_some(())
    });
    assert!(!reaches(engine, BACKUPS, "app", 8080));
    assert!(!reaches(
        engine,
        BACKUPS,
        &app.address("app", &inside),
        8080
    ));

    let health = "{{.State.Health.Status}}";
    within(TIME_LIMIT, "the engine calls it healthy", || {
        (engine.inspect(&app.container("sidecar"), health) == "healthy").then_some(())
    });
    let down = app.compose_in(&app.sidecar(), &["down", "--volumes"]);
    down.succeeds();
    assert_eq!(app.leftovers(), Vec::<String>::new());
}

#[test]
fn what_no_client_has_fetched_survives_a_restart_and_a_stop_leaves_nothing() {
    let Some(engine) = Engine::of("restart") else {
        return;
    };
    let _backups = Network::create(engine, BACKUPS);
    let app = App::new(engine);
    // The second run stops where the first went on, and tells by a file of its own.
    let line = "cat once 2>/dev/null && touch stands && sleep infinity; echo first | tee once";
    app.config(printing(line), &[]);
    app.file("sidecar/.env", &format!("BACKUP_API_TOKEN={TOKEN}\n"));
    let compose = |arguments: &[&str]| app.compose_in(&app.sidecar(), arguments).succeeds();
    compose(&["up", "-d", "sidecar"]);
    app.ready();

    let nobody_waits = ("Prefer", "respond-async");
    let started = app.ask("POST", "/backup/export", nobody_waits);
    let job = started.header("location").to_owned();
    let state = |wanted: &str| {
        within(TIME_LIMIT, wanted, || {
            let job = app.ask("GET", &job, nobody_waits).json();
            (job["state"] == wanted).then_some(())
        });
    };
    state("succeeded");
    compose(&["restart", "sidecar"]);
    app.ready();
    state("succeeded");
    let artifact = app.ask("GET", &format!("{job}/artifact"), nobody_waits);
    assert_eq!((artifact.status, artifact.body), (200, b"first\n".to_vec()));

    // Stopped in the middle of a run: nothing is there but what was before, and what the command made.
    let volume = format!("{}_sidecar_data:/data:ro", app.project());
    let files = || {
        let found = "find /data -type f -not -path '*/cache/*' -not -name 'history.*' | sort";
        let found = engine.bash(SERVICES, &["-v", &volume], found).succeeds();
        let found = found.stdout.lines().map(str::to_owned);
        found.collect::<Vec<_>>()
    };
    let mut before = files();
    app.ask("POST", "/backup/export", nobody_waits);
    within(TIME_LIMIT, "the command runs", || {
        (app.exec(&["test", "-e", "workdir/stands"]).code == Some(0)).then_some(())
    });
    engine
        .docker(&["stop", &app.container("sidecar")])
        .succeeds()
        .ends_within(STOP_LIMIT);
    // What was sent goes when the next run begins.
    before.retain(|file| !file.ends_with(".artifact"));
    before.push("/data/workdir/stands".to_owned());
    assert_eq!(files(), before);
}

#[test]
fn merged_it_archives_what_the_application_shares() {
    let Some(engine) = Engine::of("merged") else {
        return;
    };
    let _backups = Network::create(engine, BACKUPS);
    let app = App::new(engine);
    app.config(
        json!({
            "type": "filesystem",
            "config": {"paths": ["uploads"], "base_dir": "/srv"},
        }),
        &[(
            "secrets",
            json!({"api_token_file": "/run/secrets/api_token"}),
        )],
    );
    app.file("secrets/api_token", &format!("{TOKEN}\n"));
    app.file(
        "docker-compose.yml",
        "services:
  app:
    command: [sleep, infinity]
    volumes: [uploads:/srv/uploads]
  sidecar:
    volumes: [uploads:/srv/uploads:ro]
    secrets: [api_token]
volumes:
  uploads:
secrets:
  api_token: {file: ./secrets/api_token}
",
    );
    // The command of the first page of the handbook, word for word.
    let files = "-f docker-compose.yml -f sidecar/docker-compose.yml up -d";
    let files: Vec<&str> = files.split(' ').collect();
    app.compose_in(app.folder(), &files).succeeds();
    app.ready();
    let write = "seq 1 50000 >/srv/uploads/one; echo two >/srv/uploads/two";
    engine
        .docker(&["exec", &app.container("app"), "bash", "-c", write])
        .succeeds();

    let clients = repository().join("tests/clients");
    let into = format!(
        "python3 /clients/orchestrator.py http://sidecar:8000 --token={TOKEN} export --into /tmp/it >&2 \
         && tar -x -C /tmp -f /tmp/it && cd /tmp/uploads && sha256sum one two"
    );
    let clients = format!("{}:/clients:ro", clients.display());
    let unpacked = engine.bash(SERVICES, &["--network", BACKUPS, "-v", &clients], &into);
    let one: String = (1..=50_000).map(|n| format!("{n}\n")).collect();
    let sums = format!(
        "{}  one\n{}  two\n",
        sha256(one.as_bytes()),
        sha256(b"two\n")
    );
    assert_eq!(unpacked.succeeds().stdout, sums);
}

#[test]
fn through_extends_it_runs_as_another_user_with_a_module() {
    let Some(engine) = Engine::of("extends") else {
        return;
    };
    let _backups = Network::create(engine, BACKUPS);
    let app = App::new(engine);
    app.config(
        json!({"type": "hello", "config": {"greeting": "Hello", "command": "id -u"}}),
        &[(
            "modules",
            json!({"hello": {"source": "/plugins/hello.wasm", "allow": {"commands": ["id -u"]}}}),
        )],
    );
    app.file(".env", &format!("BACKUP_API_TOKEN={TOKEN}\n"));
    app.file("modules/.keep", "");
    let module = crate::harness::component("hello");
    std::fs::copy(module, app.folder().join("modules/hello.wasm")).unwrap();
    app.file(
        "docker-compose.yml",
        "services:
  sidecar:
    extends: {file: sidecar/docker-compose.yml, service: sidecar}
    env_file: .env
    user: '4321:4321'
    volumes: [./modules:/plugins:ro]
volumes:
  sidecar_data:
networks:
  backups_net: {external: true}
  app_internal: {internal: true}
",
    );
    app.compose_in(app.folder(), &["up", "-d"]).succeeds();
    app.ready();
    let exported = export(&app);
    assert_eq!(exported["sha256"], sha256(b"Hello\n4321\n"), "{exported}");
}
