//! Which shell runs the lines.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::lookup::{is_executable, on_path};
use super::unnoticed::has_pipe;
use crate::display::one_line;
use crate::error::{Error, Kind, Result};

/// Shells that are tried in turn: nearest first to the `sh` that most lines are written for.
/// (`sh` itself is one with `pipefail` on Alpine, but not on Debian; zsh splits words differently.)
const CANDIDATES: [&str; 7] = ["bash", "sh", "ash", "ksh", "mksh", "busybox", "zsh"];

/// What a shell can be told so that no failure is lost, and a script by which it shows that it obeys:
/// the shell must fail, and would not without the option.
const STRICT: [StrictOption; 3] = [
    StrictOption {
        arguments: &["-e"],
        proof: "false\n:",
    },
    StrictOption {
        arguments: &["-o", "pipefail"],
        proof: "false | :",
    },
    // bash forgets `-e` in `$(…)`; other shells have no such option, and need none.
    StrictOption {
        arguments: &["-O", "inherit_errexit"],
        proof: "x=$(false; :)",
    },
];

/// How long a shell may take to show what it can do.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Characters of a line that stand in a message.
const LINE_SHOWN: usize = 120;
/// Between two looks whether it has.
const PROBE_INTERVAL: Duration = Duration::from_millis(1);

struct StrictOption {
    arguments: &'static [&'static str],
    proof: &'static str,
}

/// A shell that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    path: PathBuf,
    options: Vec<&'static str>,
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
                .find(Shell::has_pipefail)
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
        self.options.contains(&"pipefail")
    }

    /// Whether a command of several lines ends at the first that fails. Without that all but the last
    /// may fail, and the command succeeds.
    pub fn has_errexit(&self) -> bool {
        self.options.contains(&"-e")
    }

    /// What this shell does not notice, and what to do about it; none if it is strict.
    pub fn is_lax(&self) -> Option<Error> {
        let lax = match (self.has_errexit(), self.has_pipefail()) {
            (true, true) => return None,
            (true, false) => "a command that fails inside a pipe",
            (false, _) => "a line that fails in a command of several lines",
        };
        let path = self.path.display();
        Some(
            Error::run(
                "shell-not-strict",
                format!("the shell {path} does not notice {lax}"),
            )
            .hint(
                "install bash in the container image, or name another one in strategy.config.shell",
            ),
        )
    }

    /// Fails for a line with a pipe, a failure in which this shell would not notice.
    pub fn require_pipefail(&self, line: &str) -> Result<()> {
        if self.has_pipefail() || !has_pipe(line) {
            return Ok(());
        }
        let (path, line) = (self.path.display(), one_line(line, LINE_SHOWN));
        Err(Error::new(
            Kind::Config,
            "shell-without-pipefail",
            format!("the shell {path} does not notice when a command inside the pipe of `{line}` fails"),
        )
        .hint("remove strategy.config.shell, so that a shell with pipefail is taken, or name bash there"))
    }

    /// The shell about to run `line`, exactly as it is.
    pub(super) fn command(&self, line: &str) -> Command {
        let mut command = invoke(&self.path, &self.options);
        command.arg(line);
        command
    }

    /// Whether it knows the program of that name or path: a builtin, or a file on the `PATH` of `env`.
    pub fn knows(&self, program: &str, env: &[(OsString, OsString)]) -> bool {
        let mut asked = invoke(&self.path, &[]);
        asked
            .args(["command -v -- \"$1\"", "sh", program])
            .env_clear()
            .envs(env.iter().map(|(name, value)| (name, value)));
        is_success(asked)
    }

    /// What it says of a line that it cannot read. None of one that it can, and none if this shell only reads by running.
    pub fn syntax_error(&self, line: &str) -> Option<String> {
        const READ_ONLY: [&str; 1] = ["-n"];
        let reads = |line| succeeds(&self.path, &READ_ONLY, line);
        if reads(line) || !reads(":") || reads("(") {
            return None;
        }
        let mut asked = invoke(&self.path, &READ_ONLY);
        let said = asked
            .arg(line)
            .env_remove("BASH_ENV")
            .env_remove("ENV")
            .stdin(Stdio::null())
            .output();
        let said = said.map(|said| String::from_utf8_lossy(&said.stderr).into_owned());
        Some(one_line(said.unwrap_or_default().trim(), LINE_SHOWN))
    }

    fn at(path: PathBuf) -> Shell {
        let options = strict_options(&path);
        Shell { path, options }
    }
}

/// The shell, ready to be given a line.
fn invoke(path: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(path);
    if path.file_name() == Some(OsStr::new("busybox")) {
        command.arg("sh");
    }
    command.args(options).args(["-c", "--"]);
    command
}

/// Asks the shell itself, once per process, which options it takes and obeys.
fn strict_options(path: &Path) -> Vec<&'static str> {
    static KNOWN: Mutex<Option<HashMap<PathBuf, Vec<&'static str>>>> = Mutex::new(None);
    let mut known = KNOWN.lock();
    let known = known.get_or_insert_default();
    if let Some(options) = known.get(path) {
        return options.clone();
    }
    let mut options = Vec::new();
    for strict in STRICT {
        let with = [options.as_slice(), strict.arguments].concat();
        let takes = succeeds(path, &with, ":");
        if takes && !succeeds(path, &with, strict.proof) {
            options = with;
        }
    }
    known.insert(path.to_owned(), options.clone());
    options
}

fn succeeds(path: &Path, options: &[&str], script: &str) -> bool {
    let mut asked = invoke(path, options);
    asked.arg(script);
    is_success(asked)
}

/// A shell that does not answer in time has failed: a program that is none may do anything.
fn is_success(mut asked: Command) -> bool {
    let started = asked
        .env_remove("BASH_ENV")
        .env_remove("ENV")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut shell) = started else {
        return false;
    };
    let deadline = Instant::now() + PROBE_TIMEOUT;
    loop {
        match shell.try_wait() {
            Ok(None) if Instant::now() < deadline => thread::sleep(PROBE_INTERVAL),
            Ok(Some(status)) => return status.success(),
            Ok(None) | Err(_) => {
                // It may end at this very moment.
                let _ = shell.kill();
                let _ = shell.wait();
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_default_is_the_first_with_pipefail() {
        let shell = Shell::find(None).unwrap();
        let first = CANDIDATES
            .iter()
            .filter_map(|name| on_path(name))
            .find(|path| strict_options(path).contains(&"pipefail"));
        assert_eq!(Some(shell.path()), first.as_deref());
        assert!(shell.is_lax().is_none());
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
    fn a_program_that_is_not_strict_is_recognised() {
        for program in ["/bin/false", "/bin/true"] {
            let shell = Shell::find(Some(program)).unwrap();
            assert!(!shell.has_pipefail() && !shell.has_errexit());
            assert!(shell.is_lax().is_some());
        }
    }

    #[test]
    fn every_shell_ends_at_the_first_line_that_fails() {
        for path in CANDIDATES.iter().filter_map(|name| on_path(name)) {
            let shell = Shell::at(path.clone());
            for (line, ends_well) in [
                ("false\n:", false),
                ("x=$(false; :)\n:", false),
                ("cat <<E >/dev/null\nfalse\nE\n:", true),
                ("if false; then :; fi\nfalse || :\n! false\n:", true),
            ] {
                let status = shell.command(line).status().unwrap();
                assert_eq!(status.success(), ends_well, "{}: {line}", path.display());
            }
        }
    }
}
