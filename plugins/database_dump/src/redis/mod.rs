//! Redis: a snapshot of all keys, as the server makes it for a replica.

mod answer;
mod command_lines;
mod drill_notes;
mod gaps;
mod identity;
mod restore;
mod target;

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Failure, Result, choices};

use crate::client::{Client, server_name};
use crate::config::Config;
use crate::coverage::{AllowedGaps, Gap};
use crate::engine::Engine;
use crate::identity::Identity;
use crate::layout::{Index, LayoutWriter, NoProperties};
use crate::restore::{each_database, refused};
use crate::selection::{RestoreSelection, SelectedDatabase};
use crate::url::{Url, variable};
use crate::version_text::older_client;
use answer::unexpected;
use command_lines::{
    ACL_USERS, CLUSTER, DRILLED, DUMP, INFO, LEFTOVERS, MAY_SYNC, REPLICATION, SERVER, VERSION,
};
use target::Target;

const NAME: &str = "redis";
/// The name of the only part: a snapshot cannot be divided.
const SNAPSHOT: &str = "snapshot";

/// The engine `redis`, connected to a server.
pub(crate) struct Redis {
    client: Client,
}

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
        let env = environment(url, key)?;
        let places = ["SIDE_CAR_HOST", "SIDE_CAR_PORT", "SIDE_CAR_SOCKET"];
        Ok(Self {
            client: Client::new(&config.commands, server_name(NAME, &env, places), env),
        })
    }

    fn server_version(&self) -> Result<String> {
        let answer = self.client.capture(&self.client.command(SERVER))?;
        let version = answer
            .lines()
            .find_map(|line| line.strip_prefix("redis_version:"));
        let version = version.ok_or_else(|| unexpected(&self.client, &answer))?;
        Ok(version.trim().to_owned())
    }

    /// What the server says of itself.
    fn inspect(&self) -> Result<Target> {
        let answer = self.client.capture(&self.client.command(INFO))?;
        Target::parse(&answer).ok_or_else(|| unexpected(&self.client, &answer))
    }

    /// The gap of an account that gets no snapshot.
    fn rights_gap(&self) -> Result<Option<Gap>> {
        let answer = self.client.capture(&self.client.command(MAY_SYNC))?;
        let refused = answer
            .lines()
            .find(|line| line.starts_with("NOPERM") && line.contains("'sync'"));
        Ok(refused.map(|refused| {
            Gap::required(
                "all keys",
                refused,
                "ACL SETUSER the account +sync +psync +replconf",
            )
        }))
    }

    /// Accounts are in no snapshot.
    fn users_gap(&self) -> Result<Option<Gap>> {
        let answer = self.client.capture(&self.client.command(ACL_USERS))?;
        let gap = |what: String| {
            Gap::said(
                what,
                "a snapshot holds keys and functions: keep the ACL file or redis.conf of the server",
            )
        };
        if answer.starts_with("NOPERM") {
            return Ok(Some(gap(
                "the accounts of the server, which this one may not list".to_owned(),
            )));
        }
        // Servers before 6 have none.
        let is_error = answer.starts_with("ERR ");
        let others: Vec<&str> = answer
            .lines()
            .filter(|user| !is_error && !user.is_empty() && *user != "default")
            .collect();
        Ok((!others.is_empty()).then(|| gap(format!("the accounts {}", others.join(", ")))))
    }
}

impl Engine for Redis {
    fn backup_commands(&self) -> Vec<&'static str> {
        vec![
            VERSION,
            SERVER,
            REPLICATION,
            INFO,
            CLUSTER,
            LEFTOVERS,
            ACL_USERS,
            MAY_SYNC,
            DUMP,
        ]
    }

    fn restore_commands(&self) -> Vec<&'static str> {
        restore::COMMANDS.to_vec()
    }

    fn variables(&self) -> Vec<String> {
        let mut names = self.client.variables();
        names.extend(restore::VARIABLES.map(str::to_owned));
        names
    }

    fn globals(&self) -> &'static str {
        "nothing"
    }

    fn replacement(&self) -> &'static str {
        match choices::accepted(restore::ACCEPT_IN_PLACE) {
            true => {
                "load it beside what is there and swap; with no databases or memory to spare: keep a snapshot of what is there, empty the server and fill it"
            }
            false => {
                "load it beside what is there and swap; refused where the server has no databases or memory to spare (--accept in-place)"
            }
        }
    }

    fn client(&self) -> &Client {
        &self.client
    }

    fn identity(&self) -> Result<Identity> {
        identity::read(&self.client)
    }

    fn elsewhere_commands(&self) -> Vec<&'static str> {
        vec![SERVER, REPLICATION, DRILLED]
    }

    fn made_by_others(&self, _: &[&str]) -> Result<Vec<String>> {
        drill_notes::others(&self.client)
    }

    fn gaps(&self) -> Result<Vec<Gap>> {
        let server = self.inspect()?;
        server.require_loaded(self.client.server())?;
        gaps::require_no_leftovers(&self.client)?;
        let mut gaps = self.rights_gap()?.into_iter().collect::<Vec<_>>();
        gaps.extend(self.users_gap()?);
        gaps.extend(gaps::of_replica(&server));
        gaps.extend(gaps::of_cluster(&self.client, &server)?);
        if server.is_empty() {
            gaps.push(Gap::empty(
                SNAPSHOT,
                "the keys of the server",
                "check that this is the server that is meant, and that it has loaded its data",
            ));
        }
        Ok(gaps)
    }

    fn warnings(&self) -> Result<Vec<Failure>> {
        let client_version = self.client.capture(&self.client.command(VERSION))?;
        let server_version = self.server_version()?;
        let modules = self.inspect()?.modules;
        let modules = (!modules.is_empty()).then(|| gaps::unknown_types(&modules));
        Ok(older_client(&client_version, &server_version)
            .into_iter()
            .chain(modules)
            .collect())
    }

    fn backup(&self, _: &AllowedGaps, artifact: &mut Artifact) -> Result<()> {
        let client_version = self.client.capture(&self.client.command(VERSION))?;
        let version = self.server_version()?;
        let mut layout = LayoutWriter::start(artifact, NAME, &version, &client_version)?;
        if let Ok(identity) = identity::read(&self.client) {
            layout.identify(identity);
        }
        let command = self.client.command(DUMP);
        layout.database(SNAPSHOT, NoProperties {}, |artifact| {
            self.client.dump(&command, artifact)
        })?;
        layout.finish()
    }

    fn is_taken(&self, _: &SelectedDatabase) -> Result<bool> {
        Ok(!self.inspect()?.is_empty())
    }

    fn refusals(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Failure>> {
        let index: Index<NoProperties> = Index::read(&selection.index, NAME)?;
        Ok(refused(selection, &index, |snapshot, _| {
            restore::require_free(&self.client, snapshot, replace)
        }))
    }

    fn restore(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Outcome>> {
        let index: Index<NoProperties> = Index::read(&selection.index, NAME)?;
        Ok(each_database(selection, &index, |snapshot, _| {
            restore::restore(&self.client, snapshot, replace)
        }))
    }
}

/// URL parameters, and the variables that the command lines read.
const PARAMETERS: [(&str, &str); 2] =
    [("socket", "SIDE_CAR_SOCKET"), ("cacert", "SIDE_CAR_CACERT")];

/// `redis://…` → the variables that the command lines read, so that none contains a password.
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
#[allow(clippy::unwrap_used, reason = "a test may panic")]
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
}
