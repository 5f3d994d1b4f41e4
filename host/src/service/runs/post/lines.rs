//! The lines of `post` in the operator's configuration, and how the host runs them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::cancel::{Cancel, Reason};
use crate::command::{AtDeath, Command, Invocation, Shell, Stdin, Stdout};
use crate::config::Config;
use crate::display;
use crate::error::{Error, Result};
use crate::history::RunFailure;
use crate::plan::{OUTCOME, command_lines};
use crate::service::runs::guards::Deadline;
use crate::service::variables;

/// The value of `SIDE_CAR_OUTCOME` for a backup that is whole.
pub(super) const SUCCEEDED: &str = "succeeded";
/// The same for one that is not.
pub(super) const FAILED: &str = "failed";

/// The lines of `strategy.config.post`, which only a built-in strategy has; of a set, `set.quiesce.after`.
pub(super) fn of(config: &Config) -> Vec<String> {
    let strategy = &config.strategy;
    match config.several.is_none() && config.modules.contains_key(&strategy.name) {
        true => Vec::new(),
        false => command_lines(&strategy.config, "post"),
    }
}

/// What the lines are called where they are configured.
#[derive(Debug, Clone, Copy)]
pub(super) struct PostKeys {
    /// The word for them.
    pub(super) word: &'static str,
    lines: &'static str,
    timeout: &'static str,
    failed: &'static str,
}

impl PostKeys {
    pub(super) fn of(config: &Config) -> Self {
        match config.several {
            None => Self {
                word: "post",
                lines: "strategy.config.post",
                timeout: "strategy.post_timeout",
                failed: "post-failed",
            },
            Some(_) => Self {
                word: "quiesce.after",
                lines: "set.quiesce.after",
                timeout: "set.quiesce.timeout",
                failed: "resume-failed",
            },
        }
    }

    /// The failure of a line as a warning of the run, which has this outcome apart from it.
    pub(super) fn warning(self, error: &Error, outcome: &str) -> RunFailure {
        let Self {
            word,
            lines,
            failed,
            ..
        } = self;
        let what = match outcome {
            SUCCEEDED => format!("the backup is whole, but {word} failed"),
            _ => format!("{word} failed too"),
        };
        let error = Error::run(failed, format!("{what}: {}", error.message())).hint(format!(
            "see whether what was stopped before runs again, and correct {lines}"
        ));
        RunFailure::from(&error)
    }
}

/// Says why a line has failed.
pub(super) fn log(keys: PostKeys, error: &Error) {
    let (code, hint, word) = (error.code(), error.hint_text(), keys.word);
    tracing::error!(code, hint, "{word} failed: {error}");
}

/// How lines of `post` run when the host runs them: as when the strategy does.
pub(in crate::service) struct PostLines {
    shell: Option<String>,
    workdir: PathBuf,
    env: Vec<(OsString, OsString)>,
    limit: Duration,
    keys: PostKeys,
}

impl PostLines {
    pub(in crate::service) fn new(config: &Config, drive_folder_id: Option<&str>) -> Self {
        let text = |key: &str| config.strategy.config.get(key)?.as_str();
        let workdir = &config.paths.workdir;
        Self {
            shell: text("shell").map(str::to_owned),
            workdir: text("workdir").map_or(workdir.clone(), |below| workdir.join(below)),
            env: variables::of_commands(config, drive_folder_id),
            limit: config.strategy.post_timeout,
            keys: PostKeys::of(config),
        }
    }

    /// Runs every line, also after one that failed: each may have something to undo. `ended` is told of
    /// each that has ended. Failures are logged and returned.
    pub(super) fn run(
        mut self,
        lines: &[String],
        outcome: &str,
        mut ended: impl FnMut(),
    ) -> Vec<Error> {
        self.env.push((OUTCOME.into(), outcome.into()));
        let mut failures = Vec::new();
        for line in lines {
            let done = self.run_line(line);
            ended();
            if let Err(error) = done {
                log(self.keys, &error);
                failures.push(error);
            }
        }
        failures
    }

    fn run_line(&self, line: &str) -> Result<()> {
        // Not the run's own, which may be what keeps the strategy from running the line.
        self.run_until(line, &Cancel::new())
    }

    /// Runs a line until it ends, takes too long, or `cancel` stops it, which is of this line alone.
    pub(in crate::service) fn run_until(&self, line: &str, cancel: &Cancel) -> Result<()> {
        let shell = Shell::find(self.shell.as_deref())?;
        let _deadline = Deadline::start(Some(self.limit), cancel)?;
        let command = Command {
            what: Invocation::Line {
                text: line,
                shell: &shell,
            },
            env: self.env.clone(),
            workdir: &self.workdir,
            accept: &[],
            confined: None,
        };
        match command.run(Stdin::Nothing, Stdout::Log, cancel) {
            Err(_) if matches!(cancel.reason(), Some(Reason::TimedOut(_))) => {
                Err(self.too_slow(line))
            }
            done => done.map(drop),
        }
    }

    /// What the lines need if another process has to run them.
    pub(super) fn at_death(&self, lines: &[String], note: PathBuf) -> Result<AtDeath> {
        let shell = Shell::find(self.shell.as_deref())?;
        let mut env = self.env.clone();
        env.push((OUTCOME.into(), FAILED.into()));
        Ok(AtDeath::new(
            &shell,
            lines,
            &self.workdir,
            &env,
            self.limit,
            note,
        ))
    }

    fn too_slow(&self, line: &str) -> Error {
        let (line, limit) = (display::message(line), self.limit);
        Error::run(
            format!("{}-timed-out", self.keys.word.replace('.', "-")),
            format!("`{line}` took longer than {limit:?} and was stopped"),
        )
        .hint(format!(
            "what it was to undo may still be done; raise {} if it needs more time",
            self.keys.timeout
        ))
    }
}
