//! Redis: a snapshot of all keys, as the server makes it for a replica.

mod lines;

use serde::{Deserialize, Serialize};
use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Failure, Result};

use crate::chosen::{Chosen, Restored};
use crate::client::Client;
use crate::config::Config;
use crate::layout::{Index, Layout};
use crate::system::{System, each};
use crate::url::{Url, variable};

const NAME: &str = "redis";
/// What the only part is called: a snapshot cannot be divided.
const SNAPSHOT: &str = "snapshot";
/// Whether what is there goes: not empty.
const REPLACE: &str = "SIDE_CAR_REPLACE";

/// A server.
pub(crate) struct Redis {
    client: Client,
}

/// There is nothing else to know of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Facts {}

impl Redis {
    /// The server at `url`; `key` names it in a failure.
    pub(crate) fn open(config: &Config, url: &str, key: &str) -> Result<Self> {
        if config.databases.is_some() {
            return Err(Failure::new(
                "key-without-effect",
                "strategy.config.databases has no effect with engine: redis",
            )
            .hint("a snapshot holds all databases of the server"));
        }
        Ok(Self {
            client: Client::new(&config.commands, environment(url, key)?),
        })
    }

    /// How many keys the server has.
    fn keys(&self) -> Result<u64> {
        let said = self.client.ask(&self.client.command(lines::KEYSPACE))?;
        if !said.starts_with("# Keyspace") {
            return Err(unexpected(&said));
        }
        Ok(keys(&said))
    }

    fn one(&self, restored: &Restored, replace: bool) -> Result<String> {
        if !restored.keeps_its_name() {
            return Err(
                Failure::new("cannot-rename", "a snapshot of Redis has no other name")
                    .hint("write --into redis://other-server/ to restore it elsewhere"),
            );
        }
        let there = self.keys()?;
        if there > 0 && !replace {
            return Err(
                Failure::new("exists", format!("the server has {there} keys already"))
                    .hint("--replace removes them; --into restores to another server"),
            );
        }
        restored.part.lay_out()?;
        let replace = if replace { "yes" } else { "" };
        self.client
            .command(lines::RESTORE)
            .env(REPLACE, replace)
            .run()?;
        Ok(format!("{} keys", self.keys()?))
    }
}

impl System for Redis {
    fn lines(&self) -> Vec<&'static str> {
        vec![lines::VERSION, lines::SERVER, lines::DUMP]
    }

    fn restore_lines(&self) -> Vec<&'static str> {
        vec![lines::KEYSPACE, lines::RESTORE]
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.client.variables();
        names.push(REPLACE.to_owned());
        names
    }

    fn globals(&self) -> &'static str {
        "nothing"
    }

    fn backup(&self, artifact: &mut Artifact) -> Result<()> {
        let client = self.client.ask(&self.client.command(lines::VERSION))?;
        let said = self.client.ask(&self.client.command(lines::SERVER))?;
        let version = said
            .lines()
            .find_map(|line| line.strip_prefix("redis_version:"));
        let version = version.ok_or_else(|| unexpected(&said))?.trim();
        let mut layout = Layout::start(artifact, NAME, version, &client)?;
        let command = self.client.command(lines::DUMP);
        layout.database(SNAPSHOT, Facts {}, |artifact| {
            artifact.append_stdout(&command).map(drop)
        })?;
        layout.finish()
    }

    fn restore(&self, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>> {
        let index: Index<Facts> = Index::read(&chosen.index, NAME)?;
        Ok(each(chosen, &index, |restored, _| {
            self.one(restored, replace)
        }))
    }
}

/// The client prints what a server refuses, and says that all went well.
fn unexpected(said: &str) -> Failure {
    let first = said.lines().next().unwrap_or("nothing");
    Failure::new(
        "unexpected-answer",
        format!("the Redis server answers: {first}"),
    )
    .hint(
        "correct user and password in strategy.config.url or REDISCLI_AUTH in strategy.config.env",
    )
}

/// From "db0:keys=12,expires=0,avg_ttl=0", a line for each database.
fn keys(keyspace: &str) -> u64 {
    let counts = keyspace.lines().filter_map(|line| {
        let (_, after) = line.split_once(":keys=")?;
        after.split(',').next()?.parse::<u64>().ok()
    });
    counts.sum()
}

/// The parameters of a connection, and the variables that the lines read.
const PARAMETERS: [(&str, &str); 2] =
    [("socket", "SIDE_CAR_SOCKET"), ("cacert", "SIDE_CAR_CACERT")];

/// `redis://…` → the variables that the lines read, so that no command line has a password.
fn environment(text: &str, key: &str) -> Result<Vec<(String, String)>> {
    let url = Url::parse(text, &["redis", "rediss"], key)?;
    let host = url.host(key)?;
    let mut env: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: Option<String>| {
        env.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("SIDE_CAR_HOST", host.name.clone());
    set("SIDE_CAR_PORT", host.port.map(|port| port.to_string()));
    set("SIDE_CAR_USER", url.user.clone());
    set("REDISCLI_AUTH", url.password.clone());
    set(
        "SIDE_CAR_TLS",
        (url.scheme == "rediss").then(|| "yes".to_owned()),
    );
    for (name, value) in &url.parameters {
        set(
            variable(name, &PARAMETERS, key, "socket and cacert are")?,
            Some(value.clone()),
        );
    }
    Ok(env)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_variables() {
        let env = environment("rediss://u:p%20w@cache:6380/?cacert=/ca.pem", "url").unwrap();
        let pairs: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(
            pairs,
            [
                ("SIDE_CAR_HOST", "cache"),
                ("SIDE_CAR_PORT", "6380"),
                ("SIDE_CAR_USER", "u"),
                ("REDISCLI_AUTH", "p w"),
                ("SIDE_CAR_TLS", "yes"),
                ("SIDE_CAR_CACERT", "/ca.pem"),
            ]
        );
    }

    #[test]
    fn counts_the_keys_of_all_databases() {
        let said =
            "# Keyspace\r\ndb0:keys=12,expires=0,avg_ttl=0\r\ndb3:keys=2,expires=1,avg_ttl=9\r\n";
        assert_eq!(keys(said), 14);
        assert_eq!(keys("# Keyspace\r\n"), 0);
    }
}
