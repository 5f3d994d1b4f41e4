//! A command, and what is left of one that succeeded.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use super::confine::Rules;
use super::shell::Shell;

/// A line or a program, and where it runs.
#[derive(Debug, Clone)]
pub struct Command<'a> {
    /// What is run.
    pub what: Invocation<'a>,
    /// The whole environment, not an addition to ours; later ones win.
    pub env: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub workdir: &'a Path,
    /// Exit codes that are no failure, beside 0.
    pub accept: &'a [i32],
    /// What the kernel lets it do; none: what it lets the sidecar do.
    pub confined: Option<&'a Rules>,
}

/// What is run. From its start on, there is no difference.
#[derive(Debug, Clone, Copy)]
pub enum Invocation<'a> {
    /// A line, handed to the shell as it is.
    Line {
        /// The line.
        text: &'a str,
        /// The shell that runs it.
        shell: &'a Shell,
    },
    /// A program, without any shell.
    Program {
        /// Its file.
        file: &'a Path,
        /// Its arguments; the first is the name that it is called by.
        argv: &'a [String],
    },
}

impl Invocation<'_> {
    /// As one text, for messages.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Line { text, .. } => Cow::Borrowed(text),
            Self::Program { argv, .. } => argv.join(" ").into(),
        }
    }

    /// The file that is started: the shell, or the program.
    pub(super) fn file(&self) -> &Path {
        match self {
            Self::Line { shell, .. } => shell.path(),
            Self::Program { file, .. } => file,
        }
    }

    pub(super) fn command(&self) -> std::process::Command {
        match self {
            Self::Line { text, shell } => shell.command(text),
            Self::Program { file, argv } => {
                let mut command = std::process::Command::new(file);
                if let Some((name, arguments)) = argv.split_first() {
                    command.arg0(name).args(arguments);
                }
                command
            }
        }
    }
}

/// A command that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// 0, or one of [`Command::accept`].
    pub exit_code: i32,
    /// Bytes that it wrote to its stdout.
    pub stdout_bytes: u64,
    /// The last lines of its stderr: at most 4 KiB.
    pub stderr_tail: String,
}
