//! A sidecar with a configuration and folders of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{MARK, marked};
use super::{Daemon, Finished, Gate, Running, Server};

/// What an orchestrator has to know.
pub(crate) const TOKEN: &str = "a-token-that-only-tests-know";

/// A configured sidecar that runs when it is told to; its folder goes away with it.
///
/// ```text
/// <folder>/config.yaml  work/  artifacts/  tmp/dump.tmp
/// ```
pub(crate) struct Sidecar {
    folder: Rc<TempDir>,
    config: Value,
    text: Option<String>,
    env: Vec<(String, String)>,
    user: Option<u32>,
    binary: PathBuf,
}

impl Sidecar {
    /// One whose strategy is `custom` and still lacks its commands.
    pub(crate) fn new() -> Self {
        Self::new_in(&std::env::temp_dir())
    }

    /// One whose artifacts are this text.
    pub(crate) fn printing(text: &str) -> Self {
        Self::new().command(&format!("printf '{text}'")).capture()
    }

    /// The same as [`Sidecar::new`] in a folder below `parent`.
    pub(crate) fn new_in(parent: &Path) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sidecar-spec-")
            .tempdir_in(parent)
            .unwrap();
        // Others may look in: some tests run the sidecar, or a database, as another user.
        open_to_all(folder.path(), 0o755);
        for name in ["work", "artifacts", "tmp", "gates", "cache"] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            open_to_all(&path, 0o777);
        }
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let config = json!({
            "app": {"host": "127.0.0.1", "port": 0},
            "capabilities": {"version": "v1", "types": ["database"]},
            "strategy": {"type": "custom", "config": {}},
            "paths": {
                "workdir": path("work"),
                "artifacts": path("artifacts"),
                "temp_dump": path("tmp/dump.tmp"),
            },
            "secrets": {"api_token": TOKEN},
        });
        Self {
            folder: Rc::new(folder),
            config,
            text: None,
            env: Vec::new(),
            user: None,
            binary: PathBuf::from(env!("CARGO_BIN_EXE_sidecar")),
        }
    }

    /// Sets the value at a dotted key path.
    pub(crate) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let pointer = format!("/{}", key.replace('.', "/"));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        // Missing mappings on the way come into being, as they would for someone who types.
        let mut place = &mut self.config;
        for step in parent.split('/').skip(1) {
            place = &mut place[step];
        }
        place[name] = value.into();
        self
    }

    /// Several strategies, by name, instead of one.
    pub(crate) fn strategies(mut self, strategies: Value) -> Self {
        self.config.as_object_mut().unwrap().remove("strategy");
        self.set("strategies", strategies)
    }

    pub(crate) fn strategy(self, name: &str) -> Self {
        self.set("strategy.type", name)
    }

    pub(crate) fn command(self, line: &str) -> Self {
        self.set("strategy.config.command", line)
    }

    /// The artifact is what the command prints.
    pub(crate) fn capture(self) -> Self {
        self.set("strategy.config.capture_stdout", true)
    }

    /// The configuration file, word for word. `{folder}` stands for this sidecar's folder.
    pub(crate) fn config_text(mut self, text: &str) -> Self {
        self.text = Some(text.replace("{folder}", self.folder.path().to_str().unwrap()));
        self
    }

    /// Puts `new` in the place of `old` in the text of the configuration file.
    pub(crate) fn in_text(mut self, old: &str, new: &str) -> Self {
        self.text = self.text.map(|text| text.replace(old, new));
        self
    }

    /// Another version's program.
    pub(crate) fn binary(mut self, binary: PathBuf) -> Self {
        self.binary = binary;
        self
    }

    /// A variable of the container's environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs as this user and group, without any other rights.
    pub(crate) fn user(mut self, id: u32) -> Self {
        self.user = Some(id);
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn workdir(&self) -> PathBuf {
        self.folder().join("work")
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.folder().join("artifacts")
    }

    pub(crate) fn temp_dump(&self) -> PathBuf {
        self.folder().join("tmp/dump.tmp")
    }

    /// A gate for this sidecar's commands.
    pub(crate) fn gate(&self, name: &str) -> Gate {
        Gate::new(&self.folder().join("gates"), name)
    }

    /// The published artifact, if there is one.
    pub(crate) fn artifact(&self) -> Option<Vec<u8>> {
        let name = self.config["strategy"]["artifact"]["filename"].as_str();
        std::fs::read(self.artifacts().join(name.unwrap_or("backup.dat"))).ok()
    }

    /// `sidecar ARGUMENTS`, with this configuration, ready to start.
    pub(crate) fn sidecar(&self, arguments: &[&str]) -> Command {
        let config = self.folder().join("config.yaml");
        // JSON is YAML, and quotes everything as it should be.
        let text = self
            .text
            .clone()
            .unwrap_or_else(|| format!("{:#}\n", self.config));
        std::fs::write(&config, text).unwrap();
        let mut command = self.bare(arguments);
        command.arg("--config").arg(config);
        command
    }

    /// The same without `--config`.
    fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = self.program();
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    /// The binary, as the user that it is to run as.
    fn program(&self) -> Command {
        let binary = &self.binary;
        let Some(id) = self.user else {
            return Command::new(binary);
        };
        // The build folder may be closed to others: they get a copy.
        let copy = self.folder().join("sidecar");
        std::fs::copy(binary, &copy).unwrap();
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={id}"), format!("--regid={id}")]);
        command
            .args(["--clear-groups", "--inh-caps=-all", "--bounding-set=-all"])
            .arg(copy);
        command
    }

    /// A small environment of which every variable is known, and the sidecar's own folder.
    fn surround(&self, command: &mut Command) {
        let cache = match self.user {
            Some(_) => self.folder().join("cache"),
            None => Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(),
        };
        command.env_clear().current_dir(self.folder());
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command
            .env("HOME", self.folder())
            .env("XDG_CACHE_HOME", cache);
        command
            .env(MARK, self.mark())
            .envs(self.env.iter().cloned());
    }

    /// What tells this sidecar's processes from all others.
    fn mark(&self) -> String {
        self.folder().display().to_string()
    }

    /// Runs `sidecar ARGUMENTS` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).finish()
    }

    /// Runs `sidecar ARGUMENTS` without `--config`.
    pub(crate) fn run_without_config(&self, arguments: &[&str]) -> Finished {
        Running::start(self.bare(arguments)).finish()
    }

    /// Starts `sidecar ARGUMENTS`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.sidecar(arguments)).keeping(&self.folder)
    }

    pub(crate) fn backup(&self) -> Finished {
        self.run(&["backup"])
    }

    pub(crate) fn check(&self) -> Finished {
        self.run(&["check"])
    }

    /// Starts `sidecar serve` and waits until it is ready.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.sidecar(&["serve"]), Rc::clone(&self.folder))
    }

    /// Starts all of them at the same time.
    pub(crate) fn serve_all(sidecars: &[Self]) -> Vec<Server> {
        let started = sidecars
            .iter()
            .map(|one| Daemon::start(one.sidecar(&["serve"])));
        let started: Vec<Daemon> = started.collect();
        let each = started.into_iter().zip(sidecars);
        each.map(|(daemon, one)| Server::listening(daemon, Rc::clone(&one.folder)))
            .collect()
    }

    /// The same as [`Sidecar::serve`], started by another command that `within` makes of it.
    pub(crate) fn serve_within(&self, within: impl FnOnce(Command) -> Command) -> Server {
        Server::start(within(self.sidecar(&["serve"])), Rc::clone(&self.folder))
    }

    /// The same of a run to its end.
    pub(crate) fn run_within(
        &self,
        within: impl FnOnce(Command) -> Command,
        arguments: &[&str],
    ) -> Finished {
        Running::start(within(self.sidecar(arguments))).finish()
    }

    /// The same without `--config`.
    pub(crate) fn run_within_without_config(
        &self,
        within: impl FnOnce(Command) -> Command,
        arguments: &[&str],
    ) -> Finished {
        Running::start(within(self.bare(arguments))).finish()
    }

    /// Every live process of this sidecar: itself and whatever its commands started.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        marked(&self.mark())
    }

    /// Every file in the folders of a run, relative and sorted, but for the lock, the journal, what was read of stores, the
    /// sidecar's id, the places it has claimed, and the manifest of what was published, which stay.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        for folder in ["work", "artifacts", "tmp"] {
            list(self.folder(), Path::new(folder), &mut found);
        }
        let stays = [
            "lock",
            "history.sqlite",
            "history.sqlite-wal",
            "history.sqlite-shm",
            "known-objects.sqlite",
            "known-objects.sqlite-wal",
            "known-objects.sqlite-shm",
            "published.manifest.json",
            "owner",
        ];
        found.retain(|file| {
            let name = file.strip_prefix("artifacts/.sidecar/");
            !name.is_some_and(|name| stays.contains(&name) || name.starts_with("claimed/"))
        });
        found.sort();
        found
    }
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            list(root, &path, found);
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
