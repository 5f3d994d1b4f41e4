//! Where a module is tested: folders of its own, and the job that every call gets.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::cancel::Cancel;
use crate::config::{Allow, Confine, Environment, Paths};
use crate::error::{Error, Result};
use crate::modules::scratch_folder::ScratchFolder;
use crate::paths::Directories;
use crate::plan::{AccessRequest, Grants};
use crate::sandbox::{CommandFolder, Module, Reporter, SandboxJob, Source, helper_variables};

/// Files in the work directory, for modules that read files.
const FILES: [(&str, &str); 3] = [
    ("letter.txt", "Dear operator,\nall is well.\n"),
    ("folder/notes.txt", "notes\n"),
    ("folder/empty.txt", ""),
];

/// Folders that are removed with it.
pub(super) struct Fixture {
    folder: ScratchFolder,
    paths: Paths,
}

impl Fixture {
    /// Below the system's folder for temporary files.
    pub(super) fn new() -> Result<Self> {
        let folder = ScratchFolder::make("sidecar-module-test")?;
        let fixture = Self {
            paths: Paths {
                workdir: folder.path().join("work"),
                artifacts: folder.path().join("artifacts"),
                root: folder.path().join("artifacts"),
                temp_dump: folder.path().join("tmp/dump.tmp"),
                keep_undelivered: Duration::ZERO,
            },
            folder,
        };
        let failed = |path: &Path, error| Error::io("create", path, error);
        for path in ["work/folder", "artifacts", "tmp"] {
            let path = fixture.folder.path().join(path);
            fs::create_dir_all(&path).map_err(|error| failed(&path, error))?;
        }
        for (name, text) in FILES {
            let path = fixture.paths.workdir.join(name);
            fs::write(&path, text).map_err(|error| failed(&path, error))?;
        }
        Ok(fixture)
    }

    /// The variables of this process, and those that every command has.
    pub(super) fn environment(&self) -> Environment {
        let own = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Environment::new(own.chain(self.helpers("module")), self.folder.path())
    }

    /// What trying a module takes nothing for: what lies in here, and variables that are not set.
    pub(super) fn own(&self, asks: &AccessRequest) -> Allow {
        let unset = |name: &&String| {
            std::env::var_os(name.as_str()).is_none() || name.starts_with("SIDE_CAR_")
        };
        Allow {
            read: vec![self.folder.path().to_owned()],
            env: asks.env.iter().filter(unset).cloned().collect(),
            ..Allow::default()
        }
    }

    /// The variables of a run.
    pub(super) fn helpers(&self, module: &str) -> Vec<(String, String)> {
        helper_variables(&self.paths, module, None)
    }

    /// All that a call of the module needs.
    pub(super) fn job(
        &self,
        module: &Module,
        config: String,
        grants: Grants,
        cancel: Cancel,
        reporter: Arc<dyn Reporter>,
    ) -> Result<SandboxJob> {
        let helpers = self.helpers(module.name());
        let mut env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        env.extend(
            helpers
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let command_folder = match Source::builtin(module.name()) {
            Ok(_) => None,
            Err(_) => Some(CommandFolder::make(&self.new_path("state"), "test")?),
        };
        Ok(SandboxJob {
            id: "module-test".to_owned(),
            config,
            parameters: Vec::new(),
            grants,
            left_out: Vec::new(),
            directories: Directories::from(&self.paths),
            command_folder,
            confine: Confine::Auto,
            temp_dump: self.paths.temp_dump.clone(),
            tree: None,
            helpers,
            env,
            memory: module.memory(),
            cancel,
            reporter,
        })
    }

    /// The files that a module may back up.
    pub(super) fn workdir(&self) -> &Path {
        &self.paths.workdir
    }

    /// Where artifacts are written.
    pub(super) fn artifacts(&self) -> &Path {
        &self.paths.artifacts
    }

    /// A new folder.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.new_path(name);
        fs::create_dir(&path).map_err(|error| Error::io("create", &path, error))?;
        Ok(path)
    }

    /// A new FIFO, where confined commands may write.
    pub(super) fn fifo(&self, name: &str) -> Result<PathBuf> {
        let path = self.new_path(&format!("tmp/{name}"));
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR)
            .map_err(|error| Error::io("create", &path, error.into()))?;
        Ok(path)
    }

    /// A shell that runs `line` instead of every line that it is given.
    pub(super) fn shell(&self, line: &str) -> Result<String> {
        let path = self.new_path("shell");
        // The host tries out what a shell can do: only a command of a run has the helper variables.
        let script = format!("#!/bin/sh\n[ -n \"$SIDE_CAR_WORKDIR\" ] || exit 0\n{line}\n");
        fs::write(&path, script)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)))
            .map_err(|error| Error::io("create", &path, error))?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn new_path(&self, name: &str) -> PathBuf {
        self.folder
            .path()
            .join(format!("{name}-{}", uuid::Uuid::now_v7()))
    }
}
