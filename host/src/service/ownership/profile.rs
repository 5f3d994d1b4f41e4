//! What this sidecar backs up, as text that two of its replicas have in common.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::config::{Config, Environment};
use crate::store::Profile;

/// The keys of `strategy.config` that say what is backed up.
const KEYS: [&str; 8] = [
    "engine",
    "url",
    "databases",
    "base_dir",
    "paths",
    "pre",
    "command",
    "commands",
];
/// What the clients of databases look for by themselves.
const CLIENT_VARIABLES: [&str; 8] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGSERVICE",
    "MYSQL_HOST",
    "MYSQL_TCP_PORT",
    "REDISCLI_HOST",
];
/// Parts of the names of variables whose values are not looked at, not even as a hash.
const SECRET: [&str; 6] = ["PASS", "SECRET", "TOKEN", "KEY", "PWD", "CREDENTIAL"];
/// Helper variables: they name folders of one machine.
const HELPER: &str = "SIDE_CAR_";

/// What is seen of a sidecar with this configuration, in this environment.
pub(super) fn profile(config: &Config, environment: &Environment) -> Profile {
    let artifact = &config.strategy.artifact;
    Profile {
        strategy: config.strategy.name.clone(),
        filename: artifact.filename.clone(),
        format: artifact.format.clone(),
        source: source_of(config, environment),
        machine: machine(),
    }
}

/// Of a set what its members back up, too: two applications may hold still by the same lines, or by none.
fn source_of(config: &Config, environment: &Environment) -> String {
    let mut all = source(&config.strategy.config, environment);
    let members = config.several.iter().flat_map(|several| {
        let in_set = |member: &&Config| {
            let name = member.member.as_ref();
            name.is_some_and(|name| several.set.members.contains(name))
        };
        several.members.iter().filter(in_set)
    });
    let named = members.map(|member| {
        let source = source(&member.strategy.config, environment);
        (
            member.member.as_deref().unwrap_or_default(),
            (member, source),
        )
    });
    // In whichever order they stand in the file.
    for (name, (member, source)) in named.collect::<BTreeMap<_, _>>() {
        let strategy = &member.strategy;
        let (kind, filename) = (&strategy.name, &strategy.artifact.filename);
        all.push_str(&format!("\n{name} {kind} {filename}: {source}"));
    }
    all
}

fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The configuration's own words, and the values of the variables in them, without passwords.
fn source(config: &Value, environment: &Environment) -> String {
    let said: Map<String, Value> = KEYS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), without_credentials(config.get(*key)?))))
        .collect();
    let said = Value::Object(said).to_string();
    let given = config.get("env").and_then(Value::as_object);
    let value = |name: &str| {
        let given = given.and_then(|env| env.get(name));
        let given = given.map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        });
        given.or_else(|| environment.get(name).map(str::to_owned))
    };
    let mentioned = mentioned(&said);
    let clients = CLIENT_VARIABLES.iter().map(|name| (*name).to_owned());
    let variables: BTreeMap<String, String> = mentioned
        .into_iter()
        .chain(clients)
        .filter(|name| !name.starts_with(HELPER) && !is_secret(name))
        .filter_map(|name| {
            let value = strip_credentials(&value(&name)?);
            Some((name, value))
        })
        .collect();
    format!("{said}\n{variables:?}")
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET.iter().any(|part| name.contains(part))
}

/// The names after a `$`, also in braces.
fn mentioned(text: &str) -> Vec<String> {
    let names = text.split('$').skip(1).map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        rest[..end].to_owned()
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn without_credentials(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(strip_credentials(text)),
        Value::Array(items) => Value::Array(items.iter().map(without_credentials).collect()),
        other => other.clone(),
    }
}

/// `postgresql://user:word@host/app` is `postgresql://host/app`: a user may change, a password is a
/// secret, and so may be what follows a `?`.
fn strip_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let path = path.split('?').next().unwrap_or(path);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(config: &Value, variables: &[(&str, &str)]) -> String {
        source(config, &Environment::new(variables.iter().copied(), "/"))
    }

    #[test]
    fn the_same_command_against_two_servers_is_two_sources() {
        let dump = json!({"command": "pg_dump \"${DATABASE_URL}\"", "env": {"PGPASSWORD": "word"}});
        let one = at(&dump, &[("DATABASE_URL", "postgresql://u:one@db1/app")]);
        let renewed = at(&dump, &[("DATABASE_URL", "postgresql://v:two@db1/app?x=1")]);
        let other = at(&dump, &[("DATABASE_URL", "postgresql://u:one@db2/app")]);
        assert_eq!(one, renewed);
        assert_ne!(one, other);
        let host = json!({"command": "pg_dump app"});
        assert_ne!(
            at(&host, &[("PGHOST", "db1")]),
            at(&host, &[("PGHOST", "db2")])
        );
    }

    #[test]
    fn no_secret_is_part_of_it() {
        let config = json!({
            "engine": "postgres", "url": "postgresql://u:hidden@db/app?password=hidden",
            "command": "dump --pw $DB_PASSWORD ${API_TOKEN:-}", "env": {"DB_PASSWORD": "hidden"},
        });
        assert!(!at(&config, &[("API_TOKEN", "hidden")]).contains("hidden"));
    }
}
