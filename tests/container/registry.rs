//! A module that lies in a registry of the application's own network.

use serde_json::json;

use super::Engine;
use super::app::{App, TIME_LIMIT};
use super::engine::Network;
use crate::harness::{TOKEN, component, sha256, within};

const HOST: &str = "registry:5000";

#[test]
fn a_module_from_a_registry_container_runs_in_it_and_then_needs_it_no_more() {
    let Some(engine) = Engine::of("registry") else {
        return;
    };
    let _backups = Network::create(engine, "backups_net");
    let app = App::new(engine);
    let module = std::fs::read(component("hello")).unwrap();
    app.file(".env", &format!("BACKUP_API_TOKEN={TOKEN}\n"));
    app.file("modules/.keep", "");
    std::fs::write(app.folder().join("modules/hello.wasm"), &module).unwrap();
    let registry = json!({
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": "/var/lib/docker-registry"}},
        "http": {"addr": ":5000"},
    });
    app.file("registry/config.yml", &registry.to_string());
    app.file(
        "docker-compose.yml",
        "services:
  registry:
    image: ${APP_IMAGE}
    command: [docker-registry, serve, /etc/registry/config.yml]
    volumes: [./registry:/etc/registry:ro]
    networks: [app_internal]
  sidecar:
    volumes: [./modules:/plugins:ro]
",
    );
    app.config(
        json!({"type": "hello", "config": {"greeting": "Pulled"}}),
        &[
            (
                "modules",
                json!({"hello": {
                    "source": format!("oci://{HOST}/acme/hello:1"),
                    "sha256": sha256(&module),
                }}),
            ),
            ("registries", json!({HOST: {"insecure": true}})),
        ],
    );
    let compose = |arguments: &str| {
        let files = "-f docker-compose.yml -f sidecar/docker-compose.yml";
        let all: Vec<&str> = files.split(' ').chain(arguments.split(' ')).collect();
        app.compose_in(app.folder(), &all)
    };

    // Its maker pushes it, with the image that will run it.
    compose("up -d registry").succeeds();
    let registry = app.container("registry");
    let dial = "exec 3<>/dev/tcp/127.0.0.1/5000";
    within(TIME_LIMIT, "the registry answers", || {
        let dialled = engine.docker(&["exec", &registry, "bash", "-c", dial]);
        (dialled.code == Some(0)).then_some(())
    });
    let push =
        format!("run --rm sidecar module push --insecure /plugins/hello.wasm {HOST}/acme/hello:1");
    compose(&push).succeeds();

    compose("up -d sidecar").succeeds();
    app.ready();
    let export = || app.ask("POST", "/backup/export", ("Accept", "*/*"));
    let exported = export();
    assert_eq!(
        (exported.status, exported.body),
        (200, b"Pulled\n".to_vec())
    );

    // A new container keeps it on its volume.
    compose("stop registry").succeeds();
    compose("up -d --no-deps --force-recreate sidecar").succeeds();
    app.ready();
    let exported = export();
    assert_eq!(
        (exported.status, exported.body),
        (200, b"Pulled\n".to_vec())
    );
}
