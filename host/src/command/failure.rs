//! How a command failed, in words for the operator.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::Command;
use crate::error::Error;

/// Characters of a line that stand in a message.
const SHOWN: usize = 120;
/// Characters of its stderr.
const LAST_WORDS: usize = 600;

/// What an exit that is no success means. `stderr` is the end of what the command said there.
pub(super) fn of(command: &Command<'_>, status: ExitStatus, stderr: &str) -> Error {
    let line = shortened(command.line, SHOWN);
    let words = match last_words(stderr) {
        words if words.is_empty() => String::new(),
        words => format!(": {words}"),
    };
    if let Some(signal) = status.signal() {
        return killed(&line, signal, "", &words);
    }
    match status.code().unwrap_or_default() {
        127 => {
            let message = match missing_program(stderr) {
                Some(program) => format!("`{line}` failed: the program `{program}` was not found"),
                None => format!("`{line}` failed: a program was not found (exit code 127){words}"),
            };
            Error::run("command-not-found", message)
                .hint("install it in the sidecar's container image, or correct the command or its PATH")
        }
        126 => Error::run(
            "command-not-executable",
            format!("`{line}` failed: a program cannot be executed (exit code 126){words}"),
        )
        .hint("make it executable (chmod +x), and check that its interpreter exists and that it was built for this machine"),
        // How a shell reports a signal that ended what it ran.
        code @ 129..=159 if name(code - 128).is_some() => {
            killed(&line, code - 128, &format!(" (exit code {code})"), &words)
        }
        code => Error::run("command-failed", format!("`{line}` failed with exit code {code}{words}")),
    }
}

fn killed(line: &str, signal: i32, code: &str, words: &str) -> Error {
    let name = name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned);
    let error = Error::run(
        "command-killed",
        format!("`{line}` was killed by {name}{code}{words}"),
    );
    match Signal::from_named_raw(signal) {
        Some(Signal::KILL) => error.hint(
            "out of memory? The kernel kills what needs more than the container may have: raise its memory limit, \
             or look for who else sent the signal",
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
    let line = shortened(command.line, SHOWN);
    let (shell, workdir) = (command.shell.path(), command.workdir);
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
    if missing(shell) {
        return Error::run(
            "shell-not-found",
            format!("`{line}` cannot run: the shell {} is gone", shell.display()),
        )
        .hint("install it in the container image");
    }
    let too_long = error.kind() == std::io::ErrorKind::ArgumentListTooLong;
    let message = format!(
        "`{line}` cannot be started in {} with {}: {error}",
        workdir.display(),
        shell.display()
    );
    let error = Error::run("command-not-started", message).caused_by(error);
    if too_long {
        error.hint("put the long line into a script and run that")
    } else {
        error
    }
}

/// How it ended cannot be learned: whoever started us made the system forget (SIGCHLD ignored).
pub(super) fn wait(command: &Command<'_>, error: std::io::Error) -> Error {
    let line = shortened(command.line, SHOWN);
    Error::run(
        "command-failed",
        format!("the system does not tell how `{line}` ended: {error}"),
    )
    .hint("start the sidecar without SIGCHLD being ignored")
    .caused_by(error)
}

/// One line of at most `most` characters.
fn shortened(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The last three lines: the first of them often says what, the others why.
fn last_words(stderr: &str) -> String {
    let lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    shortened(
        &lines[lines.len().saturating_sub(3)..].join("; "),
        LAST_WORDS,
    )
}

/// Who was not found, from what the shells say: `bash: line 1: NAME: command not found`,
/// `sh: 1: NAME: not found`, `zsh:1: command not found: NAME`, `env: 'NAME': No such file or directory`.
fn missing_program(stderr: &str) -> Option<&str> {
    const SAID: [&str; 4] = [
        "command not found",
        "not found",
        "inaccessible or not found",
        "No such file or directory",
    ];
    stderr.lines().rev().find_map(|line| {
        let parts: Vec<&str> = line.trim().split(": ").collect();
        let said = parts.iter().position(|part| SAID.contains(part))?;
        let name = parts
            .get(said + 1)
            .or_else(|| parts.get(said.checked_sub(1)?))?;
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
        for said in [
            "bash: line 1: pg_dumpx: command not found",
            "/bin/bash: line 3: pg_dumpx: No such file or directory",
            "dash: 1: pg_dumpx: not found",
            "sh: pg_dumpx: not found",
            "zsh:1: command not found: pg_dumpx",
            "E: /bin/mksh: pg_dumpx: inaccessible or not found",
            "env: 'pg_dumpx': No such file or directory",
            "something before\nbash: line 1: pg_dumpx: command not found\nsomething after",
        ] {
            assert_eq!(missing_program(said), Some("pg_dumpx"), "{said}");
        }
        assert_eq!(
            missing_program("ld: error while loading shared libraries: libpq.so.5"),
            None
        );
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let line = "é".repeat(200);
        assert_eq!(shortened(&line, 120).chars().count(), 121);
        assert_eq!(shortened("a \\\n  b", 120), "a \\ b");
    }
}
