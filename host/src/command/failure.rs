//! How a command failed, for the operator.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::line::{Command, Invocation};
use crate::display::one_line;
use crate::error::Error;

/// Characters of a line that stand in a message.
const LINE_SHOWN: usize = 120;
/// Characters of its stderr.
const STDERR_SHOWN: usize = 600;

/// What an exit that is no success means. `stderr` is the end of what the command wrote there.
pub(super) fn of(command: &Command<'_>, status: ExitStatus, stderr: &str) -> Error {
    let line = one_line(&command.what.text(), LINE_SHOWN);
    let stderr_end = match last_lines(stderr) {
        stderr_end if stderr_end.is_empty() => String::new(),
        stderr_end => format!(": {stderr_end}"),
    };
    if let Some(signal) = status.signal() {
        return killed(&line, signal, "", &stderr_end);
    }
    match status.code().unwrap_or_default() {
        127 => {
            let message = match missing_program(stderr) {
                Some(program) => format!("`{line}` failed: the program `{program}` was not found"),
                None => format!("`{line}` failed: a program was not found (exit code 127){stderr_end}"),
            };
            Error::run("command-not-found", message)
                .hint("install it in the sidecar's container image, or correct the command or its PATH")
        }
        126 => Error::run(
            "command-not-executable",
            format!("`{line}` failed: a program cannot be executed (exit code 126){stderr_end}"),
        )
        .hint("make it executable (chmod +x), and check that its interpreter exists and that it was built for this machine"),
        // How a shell reports a signal that ended what it ran.
        code @ 129..=159 if name(code - 128).is_some() => {
            killed(&line, code - 128, &format!(" (exit code {code})"), &stderr_end)
        }
        code => Error::run("command-failed", format!("`{line}` failed with exit code {code}{stderr_end}")),
    }
}

fn killed(line: &str, signal: i32, code: &str, stderr_end: &str) -> Error {
    let name = name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned);
    let error = Error::run(
        "command-killed",
        format!("`{line}` was killed by {name}{code}{stderr_end}"),
    );
    match Signal::from_named_raw(signal) {
        Some(Signal::KILL) => error.hint(
            "out of memory? The kernel kills what needs more than the container may have: raise its memory limit, \
             or look for what else sent the signal",
        ),
        Some(Signal::PIPE) => error.hint(
            "a later command of the pipe ended before it had read everything (as `head` does); \
             with pipefail that is a failure",
        ),
        Some(Signal::SEGV | Signal::BUS | Signal::ILL | Signal::ABORT | Signal::FPE) => {
            error.hint("the program itself crashed: check its version and the architecture of the image")
        }
        Some(Signal::XFSZ) => error.hint("a file became larger than the limit (ulimit -f) allows"),
        Some(Signal::XCPU) => error.hint("it used more processor time than the limit (ulimit -t) allows"),
        _ => error,
    }
}

/// Why a command could not even be started.
pub(super) fn start(command: &Command<'_>, error: std::io::Error) -> Error {
    let line = one_line(&command.what.text(), LINE_SHOWN);
    let (file, workdir) = (command.what.file(), command.workdir);
    let missing = |path: &Path| matches!(path.metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound);
    if missing(workdir) {
        return Error::run(
            "workdir-missing",
            format!(
                "`{line}` cannot run in {}: there is no such directory",
                workdir.display()
            ),
        )
        .hint("create it, mount the volume, or correct `workdir`");
    }
    if missing(file) {
        let code = match command.what {
            Invocation::Line { .. } => "shell-not-found",
            Invocation::Program { .. } => "command-not-found",
        };
        return Error::run(
            code,
            format!("`{line}` cannot run: {} is gone", file.display()),
        )
        .hint("install it in the container image");
    }
    let too_long = error.kind() == std::io::ErrorKind::ArgumentListTooLong;
    let message = format!(
        "`{line}` cannot be started in {} with {}: {error}",
        workdir.display(),
        file.display()
    );
    let error = Error::run("command-not-started", message).caused_by(error);
    if too_long {
        error.hint("put the long line into a script and run that")
    } else {
        error
    }
}

/// How it ended cannot be learned: what started the sidecar made the system forget (SIGCHLD ignored).
pub(super) fn wait(command: &Command<'_>, error: std::io::Error) -> Error {
    let line = one_line(&command.what.text(), LINE_SHOWN);
    Error::run(
        "command-failed",
        format!("the system does not tell how `{line}` ended: {error}"),
    )
    .hint("start the sidecar without SIGCHLD being ignored")
    .caused_by(error)
}

/// The last three lines: the first of them often says what, the others why.
fn last_lines(stderr: &str) -> String {
    let lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    one_line(
        &lines[lines.len().saturating_sub(3)..].join("; "),
        STDERR_SHOWN,
    )
}

/// The program that was not found, from what the shells say: `bash: line 1: NAME: command not found`,
/// `sh: 1: NAME: not found`, `zsh:1: command not found: NAME`, `env: 'NAME': No such file or directory`.
fn missing_program(stderr: &str) -> Option<&str> {
    const REASONS: [&str; 4] = [
        "command not found",
        "not found",
        "inaccessible or not found",
        "No such file or directory",
    ];
    stderr.lines().rev().find_map(|line| {
        let parts: Vec<&str> = line.trim().split(": ").collect();
        let reason = parts.iter().position(|part| REASONS.contains(part))?;
        let name = parts
            .get(reason + 1)
            .or_else(|| parts.get(reason.checked_sub(1)?))?;
        Some(name.trim_matches(['\'', '"', '‘', '’', '`']))
    })
}

fn name(signal: i32) -> Option<&'static str> {
    Some(match Signal::from_named_raw(signal)? {
        Signal::HUP => "SIGHUP",
        Signal::INT => "SIGINT",
        Signal::QUIT => "SIGQUIT",
        Signal::ILL => "SIGILL",
        Signal::TRAP => "SIGTRAP",
        Signal::ABORT => "SIGABRT",
        Signal::BUS => "SIGBUS",
        Signal::FPE => "SIGFPE",
        Signal::KILL => "SIGKILL",
        Signal::USR1 => "SIGUSR1",
        Signal::SEGV => "SIGSEGV",
        Signal::USR2 => "SIGUSR2",
        Signal::PIPE => "SIGPIPE",
        Signal::ALARM => "SIGALRM",
        Signal::TERM => "SIGTERM",
        Signal::XCPU => "SIGXCPU",
        Signal::XFSZ => "SIGXFSZ",
        Signal::SYS => "SIGSYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_names_the_missing_program() {
        for reason in [
            "bash: line 1: pg_dumpx: command not found",
            "/bin/bash: line 3: pg_dumpx: No such file or directory",
            "dash: 1: pg_dumpx: not found",
            "sh: pg_dumpx: not found",
            "zsh:1: command not found: pg_dumpx",
            "E: /bin/mksh: pg_dumpx: inaccessible or not found",
            "env: 'pg_dumpx': No such file or directory",
            "something before\nbash: line 1: pg_dumpx: command not found\nsomething after",
        ] {
            assert_eq!(missing_program(reason), Some("pg_dumpx"), "{reason}");
        }
        assert_eq!(
            missing_program("ld: error while loading shared libraries: libpq.so.5"),
            None
        );
    }
}
