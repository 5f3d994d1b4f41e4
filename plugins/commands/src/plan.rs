//! Configuration → what the run will need, or every error in it.

use sidecar_sdk::{Failure, Plan, Strings};

use crate::config::Config;
use crate::run::{OUTCOME, workdir};

/// What a run will need. `capture_by_default` is what `capture_stdout` means when it is left out.
pub fn plan(config: &Config, capture_by_default: bool) -> Result<Plan, Vec<Failure>> {
    let errors = config_errors(config, capture_by_default);
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(build_plan(config))
}

/// What `pre` and `post` will need around a strategy that makes the backup itself and adds its own
/// command lines. `selecting_key` is the key that selects this; main commands are refused beside it.
pub fn plan_hooks(config: &Config, selecting_key: &str) -> Result<Plan, Vec<Failure>> {
    let unusable = [
        ("command", !config.command.as_slice().is_empty()),
        ("commands", !config.commands.as_slice().is_empty()),
        ("capture_stdout", config.capture_stdout.is_some()),
        ("shell", config.shell.is_some()),
        ("restore", !config.restore.as_slice().is_empty()),
    ];
    let mut errors = blank_values(config);
    errors.extend(invalid_env_names(config));
    errors.extend(unusable.iter().filter(|(_, used)| *used).map(|(key, _)| {
        Failure::new(
            "key-without-effect",
            format!("strategy.config.{key} has no effect beside strategy.config.{selecting_key}"),
        )
        .hint("remove one of the two")
    }));
    if errors.is_empty() {
        Ok(build_plan(config))
    } else {
        Err(errors)
    }
}

fn build_plan(config: &Config) -> Plan {
    let mut env: Vec<String> = config.env.keys().cloned().collect();
    if !config.post.as_slice().is_empty() {
        env.push(OUTCOME.to_owned());
    }
    Plan {
        commands: [config.pre.as_slice(), config.main(), config.post.as_slice()].concat(),
        shell: config.shell.clone(),
        read: workdir(config).into_iter().collect(),
        env,
        ..Plan::default()
    }
}

/// Keys that are present, but blank.
fn blank_values(config: &Config) -> Vec<Failure> {
    let lists: [(&str, &Strings); 5] = [
        ("pre", &config.pre),
        ("command", &config.command),
        ("commands", &config.commands),
        ("post", &config.post),
        ("restore", &config.restore),
    ];
    let mut errors: Vec<Failure> = lists
        .iter()
        .flat_map(|(key, strings)| strings.blank(key))
        .map(|key| blank(&key))
        .collect();
    for (key, value) in [("workdir", &config.workdir), ("shell", &config.shell)] {
        if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
            errors.push(blank(key));
        }
    }
    errors
}

fn invalid_env_names(config: &Config) -> impl Iterator<Item = Failure> {
    let invalid = config
        .env
        .keys()
        .filter(|name| name.is_empty() || name.contains(['=', '\0']));
    invalid.map(|name| {
        Failure::new(
            "env-name-invalid",
            format!("strategy.config.env: {name:?} cannot be the name of an environment variable"),
        )
    })
}

fn config_errors(config: &Config, capture_by_default: bool) -> Vec<Failure> {
    let mut errors = blank_values(config);
    let (command, commands) = (config.command.as_slice(), config.commands.as_slice());
    if command.is_empty() && commands.is_empty() {
        errors.push(
            Failure::new(
                "command-missing",
                "strategy.config names neither command nor commands",
            )
            .hint("write the line that makes the backup under strategy.config.command"),
        );
    }
    if !command.is_empty() && !commands.is_empty() {
        errors.push(
            Failure::new(
                "command-twice",
                "strategy.config names both command and commands",
            )
            .hint("keep one of them: commands takes a list"),
        );
    } else if config.capture_stdout.unwrap_or(capture_by_default) && config.main().len() > 1 {
        errors.push(
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

    errors.extend(invalid_env_names(config));
    errors
}

/// The failure for `strategy.config.KEY` being empty or only space.
pub fn blank(key: &str) -> Failure {
    Failure::new("blank", format!("strategy.config.{key} is blank"))
        .hint("write a value, or remove the key")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn planned(config: &str) -> Result<Plan, Vec<String>> {
        plan(&serde_json::from_str(config).unwrap(), false)
            .map_err(|errors| errors.into_iter().map(|error| error.code).collect())
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
    fn reports_every_error_at_once() {
        let config = r#"{"pre": ["ok", " "], "command": "a", "commands": ["b"], "shell": "",
                         "env": {"A=B": "1"}, "restore": ""}"#;
        assert_eq!(
            planned(config).unwrap_err(),
            [
                "blank",
                "blank",
                "blank",
                "command-twice",
                "env-name-invalid"
            ]
        );
    }

    #[test]
    fn hooks_of_another_strategy_have_no_main_commands() {
        let config = |text: &str| serde_json::from_str(text).unwrap();
        let plan = plan_hooks(
            &config(r#"{"pre": "a", "post": "b", "env": {"X": 1}}"#),
            "engine",
        );
        let plan = plan.unwrap();
        assert_eq!(plan.commands, ["a", "b"]);
        assert_eq!(plan.env, ["X", "SIDE_CAR_OUTCOME"]);
        let mixed = config(r#"{"command": "a", "shell": "sh", "capture_stdout": false}"#);
        let errors = plan_hooks(&mixed, "engine").unwrap_err();
        assert_eq!(errors.len(), 3);
        assert!(errors.iter().all(|error| error.message.contains("engine")));
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
