//! A snapshot of a Redis server by its replication protocol, over a socket and without any command.

mod connection;
mod snapshot;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy, log};

use crate::connection::Connection;

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Config {
    /// The server, as host:port.
    address: String,
    /// The ACL user; left out: the default user.
    #[serde(default)]
    #[schemars(with = "String")]
    username: Option<String>,
    /// The environment variable that holds the password.
    #[serde(default)]
    #[schemars(with = "String")]
    password_env: Option<String>,
}

struct RedisSnapshot;

impl Strategy for RedisSnapshot {
    type Config = Config;

    const NAME: &'static str = "redis_snapshot";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str =
        "Takes an RDB snapshot of a Redis server over its replication protocol.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        let port = config
            .address
            .rsplit_once(':')
            .map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(1..))) {
            let message = format!("address: {:?} is not host:port", config.address);
            return Err(vec![
                Failure::new("bad-address", message).hint("write for example redis:6379"),
            ]);
        }
        if config.username.is_some() && config.password_env.is_none() {
            let failure = Failure::new("no-password", "username is given without password_env");
            return Err(vec![
                failure.hint("name the variable that holds the password"),
            ]);
        }
        Ok(Plan {
            net: vec![config.address],
            env: config.password_env.into_iter().collect(),
            ..Plan::default()
        })
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        let mut connection = Connection::connect(&config.address)?;
        if let Some(variable) = &config.password_env {
            let password = std::env::var(variable).map_err(|_| {
                Failure::new("no-password", format!("the variable {variable} is not set"))
                    .hint("set it in the environment of the sidecar")
            })?;
            connection.authenticate(config.username.as_deref(), &password)?;
        }
        let bytes = snapshot::take(&mut connection, artifact)?;
        log::info(&format!(
            "took {bytes} bytes of RDB from {}",
            config.address
        ));
        Ok(())
    }
}

sidecar_sdk::export!(RedisSnapshot);
