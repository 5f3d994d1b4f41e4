//! An application with a copy of this repository beside it, as a team lays it out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Engine;
use super::engine::{BASE, SERVICES};
use crate::harness::{Answer, Finished, Running, TOKEN, repository, sh, within};

/// How long a container may take to answer, or an image to be built beside other work.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(60);

/// ```text
/// <folder>/docker-compose.yml  .env  sidecar/
/// ```
///
/// All that is made of it goes away with it: containers, networks, volumes, images.
pub(super) struct App {
    pub(super) engine: Engine,
    folder: TempDir,
    project: String,
}

impl App {
    pub(super) fn new(engine: Engine) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sidecar-app-")
            .tempdir()
            .unwrap();
        let copy = folder.path().join("sidecar");
        // The binary that is being tested, as one that was built elsewhere: no compiler in a container.
        sh(&format!(
            "mkdir -p '{copy}/target/release' && cd '{repository}' \
             && git ls-files -co --exclude-standard -z | tar -c --null -T - | tar -x -C '{copy}' \
             && strip -o '{copy}/target/release/sidecar' '{binary}' && chmod -R go+rX '{folder}'",
            copy = copy.display(),
            repository = repository().display(),
            binary = env!("CARGO_BIN_EXE_sidecar"),
            folder = folder.path().display(),
        ))
        .succeeds();
        let project = format!("spec{}", std::process::id());
        Self {
            engine,
            folder,
            project,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What Compose calls all of it.
    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// The copy of this repository.
    pub(super) fn sidecar(&self) -> PathBuf {
        self.folder().join("sidecar")
    }

    /// Writes a file of the application's folder, which containers may read.
    pub(super) fn file(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes `sidecar/config/config.yaml`: with this strategy, and these sections beside or
    /// instead of the usual ones.
    pub(super) fn config(&self, strategy: Value, sections: &[(&str, Value)]) {
        let mut config = json!({
            "capabilities": {"version": "v1", "types": ["database"]},
            "strategy": strategy,
            "paths": {
                "workdir": "/var/lib/sidecar/workdir",
                "artifacts": "/var/lib/sidecar/artifacts",
                "temp_dump": "/var/lib/sidecar/tmp/dump.tmp",
            },
            "secrets": {"api_token": "${BACKUP_API_TOKEN}"},
        });
        for (name, section) in sections {
            config[name] = section.clone();
        }
        self.file("sidecar/config/config.yaml", &config.to_string());
    }

    /// `docker compose ARGUMENTS`, started in `place`.
    pub(super) fn compose_in(&self, place: &Path, arguments: &[&str]) -> Finished {
        let mut command = self.engine.command(&["compose"]);
        command.args(arguments).current_dir(place);
        self.surround(&mut command);
        Running::start(command).finish()
    }

    /// What tells this project from all others, and what stands in for images that cannot be pulled.
    pub(super) fn surround(&self, command: &mut Command) {
        command
            .env("COMPOSE_PROJECT_NAME", &self.project)
            .env("SIDECAR_IMAGE", self.image())
            .env("APP_IMAGE", SERVICES)
            .env("BASE_IMAGE", BASE)
            .env("RUST_IMAGE", BASE)
            .env("BINARY", "target/release/sidecar");
    }

    /// The name of the image that Compose builds.
    pub(super) fn image(&self) -> String {
        format!("{}-sidecar", self.project)
    }

    /// A container of one service.
    pub(super) fn container(&self, service: &str) -> String {
        format!("{}-{service}-1", self.project)
    }

    /// `docker exec` in the sidecar's container.
    pub(super) fn exec(&self, line: &[&str]) -> Finished {
        let container = self.container("sidecar");
        self.engine
            .docker(&[&["exec", container.as_str()], line].concat())
    }

    /// Waits until the sidecar is ready.
    pub(super) fn ready(&self) -> &Self {
        within(TIME_LIMIT, "the sidecar is ready", || {
            let health = self.exec(&["sidecar", "health"]);
            let log = || self.engine.docker(&["logs", &self.container("sidecar")]);
            assert!(health.code != Some(3), "{health:#?} {:#?}", log());
            (health.code == Some(0)).then_some(())
        });
        self
    }

    /// The address of a service's container in a network.
    pub(super) fn address(&self, service: &str, network: &str) -> String {
        let format = format!("{{{{(index .NetworkSettings.Networks {network:?}).IPAddress}}}}");
        self.engine.inspect(&self.container(service), &format)
    }

    /// The network `app_internal` of this project.
    pub(super) fn app_internal(&self) -> String {
        format!("{}_app_internal", self.project)
    }

    /// Asks the sidecar's API, from this machine.
    pub(super) fn ask(&self, method: &str, path: &str, header: (&str, &str)) -> Answer {
        let url = format!(
            "http://{}:8000{path}",
            self.address("sidecar", "backups_net")
        );
        let token = format!("Bearer {TOKEN}");
        Answer::ask(method, &url, &[("Authorization", &token), header])
    }

    /// Every container, network and volume of this project.
    pub(super) fn leftovers(&self) -> Vec<String> {
        let label = format!("label=com.docker.compose.project={}", self.project);
        let mut found = Vec::new();
        for kind in [
            &["container", "ls", "-aq"][..],
            &["network", "ls", "-q"],
            &["volume", "ls", "-q"],
        ] {
            let all = [kind, &["--filter", &label]].concat();
            found.extend(self.engine.words(&all));
        }
        found
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // By label: a test may have failed before its compose file was complete.
        let label = format!("label=com.docker.compose.project={}", self.project);
        sh(&format!(
            "docker ps -aq --filter {label} | xargs -r docker rm -fv; \
             docker volume ls -q --filter {label} | xargs -r docker volume rm -f; \
             docker network ls -q --filter {label} | xargs -r docker network rm; \
             docker image rm -f {}; docker image prune -f --filter label=stage=sidecar-build",
            self.image()
        ));
    }
}
