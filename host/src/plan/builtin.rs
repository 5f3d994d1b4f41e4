//! What the strategies of this house are allowed: exactly what stands in `strategy.config`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::normal;
use crate::config::Allow;

/// The keys of `strategy.config` that hold command lines.
const COMMAND_KEYS: [&str; 5] = ["pre", "command", "commands", "post", "shell"];

/// Derives the permission from the operator's own words: the lines and the paths in `config`.
/// `workdir` is where relative paths start unless `base_dir` says otherwise.
pub fn allow(config: &Value, workdir: &Path) -> Allow {
    let base = config
        .get("base_dir")
        .and_then(Value::as_str)
        .map_or(workdir.to_owned(), |dir| workdir.join(dir));
    Allow {
        commands: COMMAND_KEYS
            .iter()
            .flat_map(|key| strings(config.get(key)))
            .collect(),
        read: strings(config.get("paths"))
            .map(|pattern| root(&base.join(pattern)))
            .chain(strings(config.get("workdir")).map(PathBuf::from))
            .filter_map(|path| normal(&path))
            .collect(),
        follow_links: config
            .get("follow_symlinks")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        net: Vec::new(),
        env: names(config.get("env"))
            .chain([OUTCOME.to_owned()])
            .collect(),
    }
}

/// What `post` commands are told of the run: "succeeded" or "failed".
const OUTCOME: &str = "SIDE_CAR_OUTCOME";

/// The keys of a mapping.
fn names(value: Option<&Value>) -> impl Iterator<Item = String> + '_ {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|map| map.keys().cloned())
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

    #[test]
    fn the_configuration_is_the_permission() {
        let config = serde_json::json!({
            "pre": ["echo one", "echo two"], "command": "pg_dump | gzip", "env": {"PGPASSWORD": "x"},
            "paths": ["/srv/data/**/*.log", "notes/a.txt", "./*"], "follow_symlinks": true,
        });
        let allow = allow(&config, Path::new("/work"));
        assert_eq!(allow.commands, ["echo one", "echo two", "pg_dump | gzip"]);
        assert_eq!(
            allow.read,
            [
                Path::new("/srv/data"),
                Path::new("/work/notes/a.txt"),
                Path::new("/work")
            ]
        );
        assert_eq!(allow.env, ["PGPASSWORD", "SIDE_CAR_OUTCOME"]);
        assert!(allow.follow_links);
    }
}
