//! The way back: the operator's own commands, and what they are told.

use sidecar_sdk::restore::{Outcome, Plan, Request};
use sidecar_sdk::{Command, Failure, Result};

use crate::Config;
use crate::run::{command, workdir};

/// Names that were chosen, one a line: `NAME`, or `NAME=NEW`. Not set when all are meant.
const ONLY: &str = "SIDE_CAR_RESTORE_ONLY";
/// The other server or directory. Not set when none was named.
const INTO: &str = "SIDE_CAR_RESTORE_INTO";
/// "true" when what is there may be overwritten; else not set.
const REPLACE: &str = "SIDE_CAR_RESTORE_REPLACE";
/// Names the file that lines may want instead of their standard input.
const TEMP_DUMP: &str = "SIDE_CAR_TEMP_DUMP";

/// What a restore will need: the lines under `restore`, and the whole backup.
pub fn plan_restore<C>(config: &Config, request: &Request<C>) -> Result<Plan, Vec<Failure>> {
    let lines = config.restore.as_slice();
    if lines.is_empty() {
        return Err(vec![
            Failure::new(
                "restore-missing",
                "strategy.config.restore names no command for the way back",
            )
            .hint("write the commands that take the backup on their standard input, or as the file at \"$SIDE_CAR_TEMP_DUMP\""),
        ]);
    }
    let told = told(request);
    let deaf: Vec<Failure> = told
        .iter()
        .filter(|(name, _)| *name != REPLACE && !lines.iter().any(|line| line.contains(name)))
        .map(|(name, _)| deaf(name))
        .collect();
    if !deaf.is_empty() {
        return Err(deaf);
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
            .chain(told.iter().map(|(name, _)| (*name).to_owned()))
            .collect(),
        read: workdir(config).into_iter().collect(),
        steps: steps.collect(),
        ..Plan::default()
    })
}

/// Runs the lines, one after the other. After one that failed, the next ones do not run.
pub fn restore<C>(config: &Config, request: &Request<C>) -> Result<Vec<Outcome>> {
    let (whole, file) = (request.whole(), temp_dump());
    let mut laid_out = false;
    let mut outcomes = Vec::new();
    for line in config.restore.as_slice() {
        let command = tell(command(config, line), request);
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

/// Whether a line names the file, by its variable or by its path.
fn wants_file(line: &str, file: &str) -> bool {
    line.contains(TEMP_DUMP) || (!file.is_empty() && line.contains(file))
}

fn temp_dump() -> String {
    std::env::var(TEMP_DUMP).unwrap_or_default()
}

fn tell<C>(command: Command, request: &Request<C>) -> Command {
    let told = told(request).into_iter();
    told.fold(command, |command, (name, value)| command.env(name, value))
}

/// What the operator chose, as variables.
fn told<C>(request: &Request<C>) -> Vec<(&'static str, String)> {
    let names = request.only.iter().map(|chosen| match &chosen.new_name {
        Some(new) => format!("{}={new}", chosen.name),
        None => chosen.name.clone(),
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

/// A choice that no line looks at would be ignored, and everything restored to where it always goes.
fn deaf(name: &str) -> Failure {
    let option = if name == ONLY { "--only" } else { "--into" };
    Failure::new(
        "restore-ignores-choice",
        format!("no line of strategy.config.restore names {name}: {option} would change nothing"),
    )
    .hint(format!(
        "use \"${name}\" in the command, or leave {option} out"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
    fn the_lines_are_the_plan() {
        let restore = r#"["pg_restore -d app", "pg_restore \"$SIDE_CAR_TEMP_DUMP\""]"#;
        let plan = planned(restore, &[], None).unwrap();
        assert_eq!(plan.commands.len(), 2);
        assert_eq!(plan.env, ["A", REPLACE]);
        assert!(plan.steps[0].contains("standard input") && plan.steps[1].contains("in the file"));
        assert!(plan.parts.is_empty() && plan.directory.is_none());
    }

    #[test]
    fn a_choice_that_no_line_looks_at_is_refused() {
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
    fn names_are_told_one_a_line() {
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
        assert_eq!(told(&request), [(ONLY, "a b\nc=d".to_owned())]);
    }
}
