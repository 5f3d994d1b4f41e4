//! The restore: the operator's own commands, and the variables that describe the request.

use sidecar_sdk::restore::{Outcome, Plan, Request};
use sidecar_sdk::{Command, Failure, Result, choices};

use crate::config::Config;
use crate::elsewhere::{self, Refusal};
use crate::mentions::mentions;
use crate::run::{command, workdir};
use crate::variables::INTO;

/// The selected names, one per line: `NAME`, or `NAME=NEW`. Not set for a full restore.
const ONLY: &str = "SIDE_CAR_RESTORE_ONLY";
/// "true" when existing data may be overwritten; otherwise not set.
const REPLACE: &str = "SIDE_CAR_RESTORE_REPLACE";
/// Names the file that a command may read instead of its standard input.
const TEMP_DUMP: &str = "SIDE_CAR_TEMP_DUMP";

/// What a restore will need: the commands under `restore`, and the whole backup.
pub fn plan_restore<C>(config: &Config, request: &Request<C>) -> Result<Plan, Vec<Failure>> {
    let lines = config.restore.as_slice();
    if lines.is_empty() {
        return Err(vec![
            Failure::new(
                "restore-missing",
                "strategy.config.restore names no command that restores",
            )
            .hint("write the commands that take the backup on their standard input, or as the file at \"$SIDE_CAR_TEMP_DUMP\""),
        ]);
    }
    let variables = request_variables(request);
    let chosen = |name: &str| variables.iter().any(|(chosen, _)| *chosen == name);
    let mut unused = Vec::new();
    if chosen(ONLY) && !lines.iter().any(|line| mentions(line, ONLY)) {
        unused.push(unused_option(ONLY));
    }
    // One line that goes elsewhere is not enough: the others would work on what the backup is of.
    if chosen(INTO) {
        let originals = originals_of(config);
        let refused = lines.iter().filter_map(|line| {
            let refusal = elsewhere::judge(line, &originals).err()?;
            Some(not_elsewhere(line, &refusal))
        });
        unused.extend(refused);
        let into = request.into.as_deref().unwrap_or_default();
        if choices::is_drill() && is_source(config, into) {
            unused.push(same_address());
        }
    }
    if !unused.is_empty() {
        return Err(unused);
    }
    let file = temp_dump();
    let steps = lines.iter().map(|line| match wants_file(line, &file) {
        true => format!("runs `{line}` with the backup in the file {file}"),
        false => format!("runs `{line}` with the backup on its standard input"),
    });
    let env = config.env.keys().cloned();
    Ok(Plan {
        commands: lines.to_vec(),
        shell: config.shell.clone(),
        env: env
            .chain(variables.iter().map(|(name, _)| (*name).to_owned()))
            .collect(),
        read: workdir(config).into_iter().collect(),
        steps: steps.collect(),
        ..Plan::default()
    })
}

/// Runs the commands in order, and stops at the first that fails.
pub fn restore<C>(config: &Config, request: &Request<C>) -> Result<Vec<Outcome>> {
    let (whole, file) = (request.whole(), temp_dump());
    let elsewhere = request.into.as_ref().map(|_| config.elsewhere());
    let config = elsewhere.as_ref().unwrap_or(config);
    let mut laid_out = false;
    let mut outcomes = Vec::new();
    for line in config.restore.as_slice() {
        let command = with_request(command(config, line), request);
        let done = if wants_file(line, &file) {
            if !std::mem::replace(&mut laid_out, true) {
                whole.lay_out()?;
            }
            command.run()
        } else {
            whole.feed(&command)
        };
        match done {
            Ok(_) => outcomes.push(Outcome::done(line, "")),
            Err(failure) => {
                outcomes.push(Outcome::failed(line, failure));
                break;
            }
        }
    }
    Ok(outcomes)
}

/// Whether a command names the file, by its variable or by its path.
fn wants_file(line: &str, file: &str) -> bool {
    line.contains(TEMP_DUMP) || (!file.is_empty() && line.contains(file))
}

fn temp_dump() -> String {
    std::env::var(TEMP_DUMP).unwrap_or_default()
}

fn with_request<C>(command: Command, request: &Request<C>) -> Command {
    let variables = request_variables(request).into_iter();
    variables.fold(command, |command, (name, value)| command.env(name, value))
}

/// What the operator asked for, as environment variables.
fn request_variables<C>(request: &Request<C>) -> Vec<(&'static str, String)> {
    let names = request
        .only
        .iter()
        .map(|selection| match &selection.new_name {
            Some(new) => format!("{}={new}", selection.name),
            None => selection.name.clone(),
        });
    let only = names.collect::<Vec<_>>().join("\n");
    let all = [
        (ONLY, (!only.is_empty()).then_some(only)),
        (INTO, request.into.clone()),
        (REPLACE, request.replace.then(|| "true".to_owned())),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// An option that no command reads would be ignored, and everything restored.
fn unused_option(name: &str) -> Failure {
    Failure::new(
        "restore-ignores-choice",
        format!("no line of strategy.config.restore names {name}: --only would change nothing"),
    )
    .hint(format!(
        "use \"${name}\" in the command, or leave --only out"
    ))
}

/// Whether the configuration has that address, for the backup. Who else answers there only the commands know.
fn is_source(config: &Config, into: &str) -> bool {
    let address = into.trim_end_matches('/');
    let lines = config.pre.as_slice().iter().chain(config.main());
    let in_lines = lines.into_iter().any(|line| mentions(line, address));
    let mut values = config.env.values().map(ToString::to_string);
    !address.is_empty() && (in_lines || values.any(|value| value.trim_end_matches('/') == address))
}

fn same_address() -> Failure {
    Failure::new(
        "same-server",
        "drill.into is the address that strategy.config has for the backup",
    )
    .hint("name a server or directory of its own, which only drills use")
}

/// What the lines restore to without `--into`, and the addresses that the backup's lines have.
fn originals_of(config: &Config) -> Vec<String> {
    let mut all = elsewhere::originals(config.restore.as_slice());
    let lines = config.pre.as_slice().iter().chain(config.main());
    for word in lines.flat_map(|line| line.split([' ', '\t', '\n', '"', '\''])) {
        if word.contains("://") {
            all.push(word.to_owned());
        }
    }
    for (name, value) in &config.env {
        if value.to_string().contains("://") {
            all.push(format!("${name}"));
        }
    }
    all
}

/// A line that would work on what the backup is of.
fn not_elsewhere(line: &str, refusal: &Refusal) -> Failure {
    let why = match refusal {
        Refusal::NotUsed => format!("does not give {INTO} to a command"),
        Refusal::Reassigned => format!("gives {INTO} another value"),
        Refusal::Original(original) => {
            format!("works on `{original}`, which is what was backed up, beside {INTO}")
        }
        Refusal::Beside(command) => {
            format!("runs `{command}`, which writes and is not given {INTO}")
        }
    };
    Failure::new(
        "restore-ignores-choice",
        format!("the line `{line}` of strategy.config.restore {why}: it would work on what was backed up, and not only on --into or the scratch target of a drill"),
    )
    .hint(format!(
        "use \"${{{INTO}:-…}}\" in every line of strategy.config.restore, or leave --into and drills out"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use sidecar_sdk::restore::Selection;

    use super::*;

    fn planned(
        restore: &str,
        only: &[(&str, Option<&str>)],
        into: Option<&str>,
    ) -> Result<Plan, Vec<Failure>> {
        let config: Config = serde_json::from_str(&format!(
            r#"{{"command": "x", "env": {{"A": 1}}, "restore": {restore}}}"#
        ))
        .unwrap();
        let only = only.iter().map(|(name, new)| Selection {
            name: (*name).to_owned(),
            new_name: new.map(str::to_owned),
        });
        let request = Request {
            config: (),
            format: "binary".to_owned(),
            size: 1,
            parts: Vec::new(),
            only: only.collect(),
            into: into.map(str::to_owned),
            replace: true,
        };
        plan_restore(&config, &request)
    }

    #[test]
    fn the_commands_are_the_plan() {
        let restore = r#"["pg_restore -d app", "pg_restore \"$SIDE_CAR_TEMP_DUMP\""]"#;
        let plan = planned(restore, &[], None).unwrap();
        assert_eq!(plan.commands.len(), 2);
        assert_eq!(plan.env, ["A", REPLACE]);
        assert!(plan.steps[0].contains("standard input") && plan.steps[1].contains("in the file"));
        assert!(plan.parts.is_empty() && plan.directory.is_none());
    }

    #[test]
    fn an_option_that_no_command_reads_is_refused() {
        let code = |restore, only, into| planned(restore, only, into).unwrap_err()[0].code.clone();
        let app1: &[(&str, Option<&str>)] = &[("app1", None)];
        assert_eq!(code(r#""psql""#, app1, None), "restore-ignores-choice");
        assert_eq!(
            code(r#""psql""#, &[], Some("postgresql://b")),
            "restore-ignores-choice"
        );
        assert_eq!(code("[]", &[], None), "restore-missing");
        let plan = planned(r#""psql $SIDE_CAR_RESTORE_ONLY""#, app1, None).unwrap();
        assert_eq!(plan.env, ["A", ONLY, REPLACE]);
    }

    #[test]
    fn selected_names_are_joined_by_newlines() {
        let request = Request {
            config: (),
            format: String::new(),
            size: 0,
            parts: Vec::new(),
            only: vec![
                Selection {
                    name: "a b".to_owned(),
                    new_name: None,
                },
                Selection {
                    name: "c".to_owned(),
                    new_name: Some("d".to_owned()),
                },
            ],
            into: None,
            replace: false,
        };
        assert_eq!(request_variables(&request), [(ONLY, "a b\nc=d".to_owned())]);
    }
}
