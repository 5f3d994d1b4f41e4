//! From grants to what the kernel lets the commands of a module from elsewhere do.

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::geteuid;

use super::tree::Tree;
use crate::command::{Confinement, Rules};
use crate::config::Confine;
use crate::error::{Error, Result};
use crate::paths::{Directories, ReadAccess, by_descriptor, failed};
use crate::plan::Grants;
use crate::sandbox::confinement::{holds_sockets, not_confined};
use crate::sandbox::job::SandboxJob;

/// Of a file's mode: whether all users may write it.
const WRITABLE_BY_ALL: u32 = 0o002;

/// What the commands of a module that is not built in have in common.
pub(in crate::sandbox) struct ConfinedCommands {
    /// Where they start, and may write.
    folder: OwnedFd,
    directories: Directories,
    /// The shell, programs, and folders with programs.
    programs: Vec<PathBuf>,
}

impl ConfinedCommands {
    /// None for a built-in strategy: its lines are the operator's. `started` are the shell and the programs that the
    /// plan names. Fails if they have to be confined and cannot be.
    pub(in crate::sandbox) fn of(
        module: &str,
        job: &SandboxJob,
        started: Vec<PathBuf>,
    ) -> Result<Option<Self>> {
        let Some(folder) = &job.command_folder else {
            return Ok(None);
        };
        if job.grants.commands.is_empty() && job.grants.programs.is_empty() {
            return Ok(None);
        }
        let state = Confinement::here();
        match (not_confined(module, state), job.confine) {
            (Some(error), Confine::Required) => return Err(error),
            (Some(error), Confine::Auto) => {
                tracing::warn!(confinement = %state, code = error.code(), hint = error.hint_text(), "{error}");
            }
            (None, _) => tracing::debug!(confinement = %state, module, "commands are confined"),
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(CWD, folder.path(), flags, Mode::empty())
            .map_err(|error| failed("open", folder.path(), error))?;
        let mut programs = search_path(&job.env, &job.directories);
        programs.extend(started);
        Ok(Some(Self {
            folder: opened,
            directories: job.directories.clone(),
            programs,
        }))
    }

    /// For a command that starts now: what was granted is looked up anew, for files are replaced by others of the same
    /// name while a run lasts.
    pub(in crate::sandbox) fn rules(
        &self,
        grants: &Grants,
        access: &ReadAccess,
        target: Option<&Tree>,
    ) -> Result<Rules> {
        let copy = |open: &OwnedFd, path: &Path| {
            open.try_clone()
                .map_err(|error| Error::io("open", path, error))
        };
        let Directories { workdir, temp, .. } = &self.directories;
        let granted: Vec<OwnedFd> = grants
            .read
            .iter()
            .filter_map(|path| access.handle(path))
            .collect();
        let sockets = granted
            .iter()
            .any(|open| holds_sockets(&by_descriptor(open)));
        let mut read = granted;
        read.push(copy(access.own(workdir)?, workdir)?);
        let mut write = vec![copy(&self.folder, workdir)?];
        if let Some(target) = target {
            write.push(copy(target.root(), workdir)?);
        }
        let port = |address: &String| address.rsplit_once(':')?.1.parse().ok();
        Ok(Rules {
            read,
            write,
            exchange: vec![copy(access.own(temp)?, temp)?],
            programs: self.programs.clone(),
            ports: grants.net.iter().filter_map(port).collect(),
            sockets,
            expected: Confinement::here().clone(),
        })
    }
}

/// The folders of `PATH` that only root or this user writes, and that neither hold the run's own folders nor lie in one.
fn search_path(env: &[(OsString, OsString)], directories: &Directories) -> Vec<PathBuf> {
    let Some((_, path)) = env.iter().rfind(|(name, _)| name == "PATH") else {
        return Vec::new();
    };
    let own = directories.all();
    std::env::split_paths(path)
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .filter(|folder| {
            let mut own = own.iter();
            !own.any(|own| own.starts_with(folder) || folder.starts_with(own))
        })
        .filter(|folder| {
            fs::metadata(folder).is_ok_and(|facts| {
                let ours = facts.uid() == 0 || facts.uid() == geteuid().as_raw();
                ours && facts.is_dir() && facts.mode() & WRITABLE_BY_ALL == 0
            })
        })
        .collect()
}
