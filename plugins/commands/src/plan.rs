//! Configuration → what the run will need, or every mistake in it.

use sidecar_sdk::{Failure, Plan, Strings};

use crate::Config;
use crate::run::{OUTCOME, workdir};

/// What a run will need. `capture_by_default` is what `capture_stdout` means when it is left out.
pub fn plan(config: &Config, capture_by_default: bool) -> Result<Plan, Vec<Failure>> {
    let mistakes = mistakes(config, capture_by_default);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut env: Vec<String> = config.env.keys().cloned().collect();
    if !config.post.as_slice().is_empty() {
        env.push(OUTCOME.to_owned());
    }
    Ok(Plan {
        commands: [config.pre.as_slice(), config.main(), config.post.as_slice()].concat(),
        shell: config.shell.clone(),
        read: workdir(config).into_iter().collect(),
        env,
        ..Plan::default()
    })
}

fn mistakes(config: &Config, capture_by_default: bool) -> Vec<Failure> {
    let lists: [(&str, &Strings); 4] = [
        ("pre", &config.pre),
        ("command", &config.command),
        ("commands", &config.commands),
        ("post", &config.post),
    ];
    let mut mistakes: Vec<Failure> = lists
        .iter()
        .flat_map(|(key, strings)| strings.blank(key))
        .map(|key| blank(&key))
        .collect();
    for (key, value) in [("workdir", &config.workdir), ("shell", &config.shell)] {
        if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
            mistakes.push(blank(key));
        }
    }

    let (command, commands) = (config.command.as_slice(), config.commands.as_slice());
    if command.is_empty() && commands.is_empty() {
        mistakes.push(
            Failure::new(
                "command-missing",
                "strategy.config names neither command nor commands",
            )
            .hint("write the line that makes the backup under strategy.config.command"),
        );
    }
    if !command.is_empty() && !commands.is_empty() {
        mistakes.push(
            Failure::new(
                "command-twice",
                "strategy.config names both command and commands",
            )
            .hint("keep one of them: commands takes a list"),
        );
    } else if config.capture_stdout.unwrap_or(capture_by_default) && config.main().len() > 1 {
        mistakes.push(
            Failure::new(
                "capture-needs-one-command",
                format!(
                    "strategy.config.capture_stdout needs exactly one command, and there are {}",
                    config.main().len()
                ),
            )
            .hint("move the others to pre or post, or set capture_stdout: false and write to SIDE_CAR_TEMP_DUMP"),
        );
    }

    for name in config.env.keys() {
        if name.is_empty() || name.contains(['=', '\0']) {
            mistakes.push(Failure::new(
                "env-name-invalid",
                format!(
                    "strategy.config.env: {name:?} cannot be the name of an environment variable"
                ),
            ));
        }
    }
    if !config.restore.as_slice().is_empty() {
        mistakes.push(
            Failure::new("not-built-yet", "strategy.config.restore is not built yet")
                .hint("remove the key, and run the commands for the way back by hand"),
        );
    }
    mistakes
}

/// `strategy.config.KEY` is empty or only space.
pub fn blank(key: &str) -> Failure {
    Failure::new("blank", format!("strategy.config.{key} is blank"))
        .hint("write a value, or remove the key")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn planned(config: &str) -> Result<Plan, Vec<String>> {
        plan(&serde_json::from_str(config).unwrap(), false)
            .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.code).collect())
    }

    #[test]
    fn names_every_line_and_variable() {
        let plan = planned(
            r#"{"pre": "a", "commands": ["b", "c"], "post": ["d"], "shell": "bash",
                "env": {"PGPORT": 5432, "TZ": "UTC"}, "workdir": "/data"}"#,
        )
        .unwrap();
        assert_eq!(plan.commands, ["a", "b", "c", "d"]);
        assert_eq!(plan.env, ["PGPORT", "TZ", "SIDE_CAR_OUTCOME"]);
        assert_eq!(plan.read, ["/data"]);
        assert_eq!(plan.shell.as_deref(), Some("bash"));
    }

    #[test]
    fn keeps_a_line_as_it_is_written() {
        assert_eq!(
            planned(r#"{"command": "x |\ny\n"}"#).unwrap().commands,
            ["x |\ny\n"]
        );
    }

    #[test]
    fn reports_every_mistake_at_once() {
        let config = r#"{"pre": ["ok", " "], "command": "a", "commands": ["b"], "shell": "",
                         "env": {"A=B": "1"}, "restore": "x"}"#;
        assert_eq!(
            planned(config).unwrap_err(),
            [
                "blank",
                "blank",
                "command-twice",
                "env-name-invalid",
                "not-built-yet"
            ]
        );
    }

    #[test]
    fn needs_a_command() {
        assert_eq!(planned("{}").unwrap_err(), ["command-missing"]);
        assert_eq!(
            planned(r#"{"commands": []}"#).unwrap_err(),
            ["command-missing"]
        );
    }

    #[test]
    fn captures_one_command_only() {
        let config = r#"{"commands": ["a", "b"], "capture_stdout": true}"#;
        assert_eq!(planned(config).unwrap_err(), ["capture-needs-one-command"]);
    }
}
