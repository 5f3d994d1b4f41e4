//! What the built-in strategies are allowed: exactly what stands in `strategy.config`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{AccessRequest, RestorePlan, normal};
use crate::config::Allow;

/// The keys of `strategy.config` that hold command lines.
const COMMAND_KEYS: [&str; 5] = ["pre", "command", "commands", "post", "shell"];

/// Derives the permission from what the operator wrote: the lines and the paths in `config`.
/// `workdir` is where relative paths start unless `base_dir` says otherwise.
///
/// With `engine`, the operator leaves the lines to the strategy, and so it may have those that it
/// `asked` for: it is embedded in this binary, as trusted as the host, and its lines are the same
/// for every configuration. They stand there, and nowhere a second time.
pub fn allow(config: &Value, workdir: &Path, asked: &AccessRequest) -> Allow {
    let (lines, variables): (&[String], &[String]) = match config.get("engine") {
        Some(_) => (&asked.commands, &asked.env),
        None => (&[], &[]),
    };
    let base = config
        .get("base_dir")
        .and_then(Value::as_str)
        .map_or(workdir.to_owned(), |dir| workdir.join(dir));
    Allow {
        lines: COMMAND_KEYS
            .iter()
            .flat_map(|key| strings(config.get(key)))
            .chain(lines.iter().cloned())
            .collect(),
        read: strings(config.get("paths"))
            .map(|pattern| root(&base.join(pattern)))
            .chain(strings(config.get("workdir")).map(|dir| workdir.join(dir)))
            .filter_map(|path| normal(&path))
            .collect(),
        follow_links: config
            .get("follow_symlinks")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        env: names(config.get("env"))
            .chain([OUTCOME.to_owned()])
            .chain(variables.iter().cloned())
            .collect(),
        ..Allow::default()
    }
}

/// The same for a restore: the lines under `restore`. With `engine` the strategy brings its own
/// lines, which are part of this program as much as its components are: all of them are allowed.
pub fn allow_restore(config: &Value, workdir: &Path, plan: &RestorePlan) -> Allow {
    let own = allow(config, workdir, &AccessRequest::default());
    if config.get("engine").is_some_and(|engine| !engine.is_null()) {
        return Allow {
            lines: plan.commands.iter().chain(&plan.shell).cloned().collect(),
            net: plan.net.clone(),
            env: plan.env.clone(),
            ..own
        };
    }
    Allow {
        lines: ["restore", "shell"]
            .iter()
            .flat_map(|key| strings(config.get(key)))
            .collect(),
        env: names(config.get("env"))
            .chain(SELECTION.map(str::to_owned))
            .collect(),
        ..own
    }
}

/// What `restore` commands are told of what the operator chose.
const SELECTION: [&str; 3] = [
    "SIDE_CAR_RESTORE_ONLY",
    "SIDE_CAR_RESTORE_INTO",
    "SIDE_CAR_RESTORE_REPLACE",
];

/// What `post` commands are told of the run: "succeeded" or "failed".
pub const OUTCOME: &str = "SIDE_CAR_OUTCOME";

/// The keys of a mapping.
fn names(value: Option<&Value>) -> impl Iterator<Item = String> + '_ {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|map| map.keys().cloned())
}

/// The command lines under a key of a built-in strategy's `strategy.config`.
pub fn command_lines(config: &Value, key: &str) -> Vec<String> {
    strings(config.get(key)).collect()
}

/// A string, or a list of them.
fn strings(value: Option<&Value>) -> impl Iterator<Item = String> + '_ {
    let (one, many) = match value {
        Some(Value::String(one)) => (Some(one.clone()), None),
        Some(Value::Array(many)) => (None, Some(many)),
        _ => (None, None),
    };
    one.into_iter().chain(
        many.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned),
    )
}

/// The longest part of a pattern, directory by directory, that has no wildcard.
fn root(pattern: &Path) -> PathBuf {
    pattern
        .components()
        .take_while(|part| {
            !part
                .as_os_str()
                .as_encoded_bytes()
                .iter()
                .any(|byte| b"*?[".contains(byte))
        })
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(allow: &Allow, line: &str) -> bool {
        let request = AccessRequest {
            commands: vec![line.to_owned()],
            ..AccessRequest::default()
        };
        request
            .verdicts(allow)
            .iter()
            .all(|verdict| verdict.allowed)
    }

    #[test]
    fn the_configuration_is_the_permission() {
        let config = serde_json::json!({
            "pre": ["echo one", "echo two"], "command": "pg_dump * | gzip", "env": {"PGPASSWORD": "x"},
            "paths": ["/srv/data/**/*.log", "notes/a.txt", "./*"], "follow_symlinks": true,
        });
        let allow = allow(&config, Path::new("/srv"), &AccessRequest::default());
        assert_eq!(allow.lines, ["echo one", "echo two", "pg_dump * | gzip"]);
        assert!(permits(&allow, "pg_dump * | gzip"));
        assert!(!permits(&allow, "pg_dump x | gzip"));
        assert_eq!(
            allow.read,
            [
                Path::new("/srv/data"),
                Path::new("/srv/notes/a.txt"),
                Path::new("/srv")
            ]
        );
        assert_eq!(allow.env, ["PGPASSWORD", "SIDE_CAR_OUTCOME"]);
        assert!(allow.follow_links);
    }
    #[test]
    fn only_an_engine_may_run_lines_that_the_operator_did_not_write() {
        let asked = AccessRequest {
            commands: vec!["pg_dump".into()],
            env: vec!["PGHOST".into()],
            read: vec!["/etc".into()],
            shell: Some("sh".into()),
            ..AccessRequest::default()
        };
        let allowed = |config| allow(&config, Path::new("/srv"), &asked);
        let engine = allowed(serde_json::json!({"engine": "postgres", "pre": "echo"}));
        assert_eq!(engine.lines, ["echo", "pg_dump"]);
        assert!(engine.env.contains(&"PGHOST".to_owned()) && engine.read.is_empty());
        let none = allowed(serde_json::json!({"command": "true"}));
        assert_eq!(none.lines, ["true"]);
        assert!(!none.env.contains(&"PGHOST".to_owned()));
    }

    #[test]
    fn a_restore_has_lines_of_its_own() {
        let plan = RestorePlan {
            commands: vec!["pg_restore".into()],
            ..RestorePlan::default()
        };
        let workdir = Path::new("/srv");
        let config = serde_json::json!({"command": "pg_dump", "restore": "pg_restore -d app", "env": {"A": 1}});
        let allow = allow_restore(&config, workdir, &plan);
        assert_eq!(allow.lines, ["pg_restore -d app"]);
        assert_eq!(allow.env[..2], ["A", "SIDE_CAR_RESTORE_ONLY"]);
        let config = serde_json::json!({"engine": "postgres", "url": "postgresql://db"});
        assert_eq!(allow_restore(&config, workdir, &plan).lines, ["pg_restore"]);
    }
}
