//! The Docker engine of this machine. Only one test uses it at a time: `nextest.toml`.

use std::process::Command;

use crate::harness::{Finished, Running, repository, sh, skip};

/// What `tests/container/base` makes.
pub(super) const BASE: &str = "sidecar-spec/base";
pub(super) const SERVICES: &str = "sidecar-spec/services";

/// A Docker engine with Compose, and the images that the tests stand on.
#[derive(Clone, Copy)]
pub(super) struct Engine(());

impl Engine {
    /// The engine, unless this machine has none: then `test` is skipped.
    pub(super) fn of(test: &str) -> Option<Self> {
        let engine = Self(());
        let needed = [
            (engine.docker(&["info"]), "no Docker engine answers"),
            (engine.docker(&["compose", "version"]), "no Docker Compose"),
            (sh("command -v debootstrap"), "no debootstrap"),
            (sh("test $(id -u) = 0"), "debootstrap needs root"),
        ];
        for (answer, why) in needed {
            if answer.code != Some(0) {
                skip(&format!("container::{test}"), why);
                return None;
            }
        }
        let base = repository().join("tests/container/base");
        sh(&base.display().to_string()).succeeds();
        Some(engine)
    }

    /// `docker ARGUMENTS`, ready to start.
    pub(super) fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments);
        // Where `tests/setup` has put Compose, unless there was one.
        let configured = repository().join("target/docker");
        if configured.exists() {
            command.env("DOCKER_CONFIG", configured);
        }
        command
    }

    /// Runs `docker ARGUMENTS` to its end.
    pub(super) fn docker(self, arguments: &[&str]) -> Finished {
        Running::start(self.command(arguments)).finish()
    }

    /// What `docker ARGUMENTS` prints, in words.
    pub(super) fn words(self, arguments: &[&str]) -> Vec<String> {
        let said = self.docker(arguments).succeeds().stdout;
        said.split_whitespace().map(str::to_owned).collect()
    }

    /// `docker inspect --format FORMAT THING`
    pub(super) fn inspect(self, thing: &str, format: &str) -> String {
        let said = self.docker(&["inspect", "--format", format, thing]);
        said.succeeds().stdout.trim().to_owned()
    }

    /// Runs a line of bash in a container that nothing else is told about, and that goes away.
    pub(super) fn bash(self, image: &str, options: &[&str], line: &str) -> Finished {
        let run = ["run", "--rm", "--entrypoint", "bash"];
        self.docker(&[&run, options, &[image, "-c", line]].concat())
    }
}

/// A network that goes away with its owner, unless it was there before.
pub(super) struct Network {
    engine: Engine,
    name: &'static str,
    ours: bool,
}

impl Network {
    pub(super) fn create(engine: Engine, name: &'static str) -> Self {
        let ours = engine.docker(&["network", "inspect", name]).code != Some(0);
        if ours {
            engine.docker(&["network", "create", name]).succeeds();
        }
        Self { engine, name, ours }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if self.ours {
            self.engine.docker(&["network", "rm", self.name]);
        }
    }
}
