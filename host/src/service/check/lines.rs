//! The operator's own command lines: their shell, and the programs that they need.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::command::{Shell, certain_programs, unnoticed_list, unnoticed_substitution};
use crate::config::Config;
use crate::display;
use crate::error::{Error, Kind};
use crate::plan::command_lines;
use crate::sandbox::Findings;
use crate::service::variables;

/// The keys of `strategy.config` whose lines every run runs.
const EVERY_RUN: [&str; 4] = ["pre", "command", "commands", "post"];

/// Reports what certainly fails: programs that are not there, lines that no shell reads. A line of a backup would fail
/// tonight; one of a restore or a drill, later.
pub(super) fn check_lines(config: &Config) -> Findings {
    let mut found = Findings::default();
    let strategy = &config.strategy;
    let shell = strategy.config.get("shell");
    let Ok(shell) = Shell::find(shell.and_then(|shell| shell.as_str())) else {
        return found;
    };
    let checked = LineChecks {
        env: variables::of_commands(config, None),
        shell,
    };
    // The keys of other modules mean what these say.
    if config.several.is_some() || !config.modules.contains_key(&strategy.name) {
        for key in EVERY_RUN {
            let lines = command_lines(&strategy.config, key);
            let key = match (&config.several, key) {
                (Some(_), "pre") => "set.quiesce.before".to_owned(),
                (Some(_), _) => "set.quiesce.after".to_owned(),
                (None, key) => format!("strategy.config.{key}"),
            };
            let (wrong, remarks) = checked.findings(&key, &lines);
            found.failures.extend(wrong);
            found.warnings.extend(remarks);
        }
        found.failures.extend(missing_workdir(config));
        let lines = command_lines(&strategy.config, "restore");
        let (wrong, remarks) = checked.findings("strategy.config.restore", &lines);
        found.warnings.extend(wrong.into_iter().chain(remarks));
    }
    if let Some(drill) = &config.drill {
        let (wrong, remarks) = checked.findings("drill.check", &drill.check);
        found.warnings.extend(wrong.into_iter().chain(remarks));
    }
    found
}

/// What is looked at in every line, whatever it is for.
struct LineChecks {
    shell: Shell,
    env: Vec<(OsString, OsString)>,
}

impl LineChecks {
    /// What would fail, and what would not be noticed to.
    fn findings(&self, key: &str, lines: &[String]) -> (Vec<Error>, Vec<Error>) {
        let (mut wrong, mut remarks) = (Vec::new(), Vec::new());
        for (number, line) in lines.iter().enumerate() {
            let key = match lines.len() {
                1 => key.to_owned(),
                _ => format!("{key}[{number}]"),
            };
            if let Some(said) = self.shell.syntax_error(line) {
                wrong.push(unreadable(&key, &said));
                continue;
            }
            let programs = certain_programs(line);
            let missing = programs
                .iter()
                .filter(|program| !self.shell.knows(program, &self.env));
            wrong.extend(missing.map(|program| missing_program(&key, program)));
            wrong.extend(self.shell.require_pipefail(line).err());
            remarks.extend(unnoticed_list(line).map(|list| unnoticed(&key, &list)));
            remarks.extend(unnoticed_substitution(line).map(|found| swallowed(&key, &found)));
        }
        (wrong, remarks)
    }
}

fn unreadable(key: &str, said: &str) -> Error {
    let said = display::visible_line(said);
    Error::new(
        Kind::Config,
        "syntax-error",
        format!("{key}: the shell cannot read the command: {said}"),
    )
    .hint("correct the quotes, brackets and keywords of the command; `sh -n` reads it without running it")
}

/// What may fail in a command of several lines without ending it.
fn unnoticed(key: &str, list: &str) -> Error {
    let list = display::visible_line(list);
    Error::new(
        Kind::Config,
        "failure-unnoticed",
        format!("{key}: when the first command of `{list}` fails, the next line runs all the same"),
    )
    .hint("write each command on a line of its own, without &&")
}

/// What no option of a shell makes it notice.
fn swallowed(key: &str, found: &str) -> Error {
    let found = display::visible_line(found);
    Error::new(
        Kind::Config,
        "failure-unnoticed",
        format!("{key}: when the command inside `{found}` fails, no shell notices"),
    )
    .hint("write `x=$(…)` on a line of its own before `export x`, and a file or a pipe in place of `<(…)`")
}

fn missing_program(key: &str, program: &str) -> Error {
    let program = display::visible_line(program);
    Error::new(
        Kind::Config,
        "program-missing",
        format!("{key} needs the program `{program}`, which is not on PATH"),
    )
    .hint("install it in the sidecar's container image, or correct the command or its PATH")
}

/// A relative one is below the run's own folder.
fn missing_workdir(config: &Config) -> Option<Error> {
    let workdir = config.strategy.config.get("workdir")?.as_str()?;
    let path: PathBuf = config.paths.workdir.join(workdir);
    if path.is_dir() {
        return None;
    }
    let shown = display::visible_line(&path.display().to_string());
    Some(
        Error::new(
            Kind::Config,
            "workdir-missing",
            format!("strategy.config.workdir: there is no directory {shown}"),
        )
        .hint("make it or mount it: every command is run in it, the first one too"),
    )
}
