//! Which shell runs the lines.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::fs::Access;

use crate::error::{Error, Result};

/// Shells that are tried in turn: nearest first to the `sh` that most lines are written for.
/// (`sh` itself is one with `pipefail` on Alpine, but not on Debian; zsh splits words differently.)
const CANDIDATES: [&str; 7] = ["bash", "sh", "ash", "ksh", "mksh", "busybox", "zsh"];

/// A shell that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    path: PathBuf,
    pipefail: bool,
}

impl Shell {
    /// The shell of that name or path; without one, the first on `PATH` that can do `pipefail`,
    /// and if there is none, `sh`.
    pub fn find(wanted: Option<&str>) -> Result<Shell> {
        let Some(wanted) = wanted else {
            let mut found = CANDIDATES
                .iter()
                .filter_map(|name| on_path(name))
                .map(Shell::at);
            return found
                .find(|shell| shell.pipefail)
                .or_else(|| on_path("sh").map(Shell::at))
                .ok_or_else(|| {
                    Error::run(
                        "shell-not-found",
                        "there is no shell on PATH to run commands with",
                    )
                    .hint("install bash in the container image")
                });
        };
        let path = if wanted.contains('/') {
            Some(PathBuf::from(wanted)).filter(|path| is_executable(path))
        } else {
            on_path(wanted)
        };
        path.map(Shell::at).ok_or_else(|| {
            let place = if wanted.contains('/') { "" } else { " on PATH" };
            Error::run(
                "shell-not-found",
                format!("the shell `{wanted}` was not found{place}"),
            )
            .hint("install it in the container image, or correct `strategy.config.shell`: the name or the path of a program, without options")
        })
    }

    /// The program.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a failure in the middle of a pipe fails the line. Without it `pg_dump … | gzip`
    /// succeeds when pg_dump does not: worth a warning.
    pub fn has_pipefail(&self) -> bool {
        self.pipefail
    }

    /// The shell about to run `line`, exactly as it is.
    pub(super) fn command(&self, line: &str) -> Command {
        let mut command = invoke(&self.path, self.pipefail);
        command.arg(line);
        command
    }

    fn at(path: PathBuf) -> Shell {
        let pipefail = can_pipefail(&path);
        Shell { path, pipefail }
    }
}

/// The shell, ready to be given a line. All the candidates take these options.
fn invoke(path: &Path, pipefail: bool) -> Command {
    let mut command = Command::new(path);
    if path.file_name() == Some(OsStr::new("busybox")) {
        command.arg("sh");
    }
    if pipefail {
        command.args(["-o", "pipefail"]);
    }
    command.args(["-c", "--"]);
    command
}

/// Asks the shell itself, once per process.
fn can_pipefail(path: &Path) -> bool {
    static KNOWN: Mutex<Option<HashMap<PathBuf, bool>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(&can) = known.get(path) {
        return can;
    }
    let can = invoke(path, true)
        .arg("")
        .env_remove("BASH_ENV")
        .env_remove("ENV")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    known.insert(path.to_owned(), can);
    can
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_default_is_the_first_with_pipefail() {
        let shell = Shell::find(None).unwrap();
        let first = CANDIDATES
            .iter()
            .filter_map(|name| on_path(name))
            .find(|path| can_pipefail(path));
        assert_eq!(Some(shell.path()), first.as_deref());
        assert!(shell.has_pipefail());
    }

    #[test]
    fn a_shell_is_given_by_name_or_path() {
        let by_name = Shell::find(Some("sh")).unwrap();
        assert!(by_name.path().is_absolute());
        let by_path = Shell::find(by_name.path().to_str()).unwrap();
        assert_eq!(by_name, by_path);
    }

    #[test]
    fn a_missing_shell_is_named() {
        for wanted in ["no-such-shell", "/no/such/shell", "/etc/passwd"] {
            let error = Shell::find(Some(wanted)).unwrap_err();
            assert_eq!(error.code(), "shell-not-found");
            assert!(error.message().contains(wanted), "{error}");
        }
    }

    #[test]
    fn a_program_that_knows_no_pipefail_is_told() {
        assert!(!can_pipefail(Path::new("/bin/false")));
    }
}
