//! `registries`: how registries of modules are reached, by their host.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::registry_host::{is_host, is_loopback};
use super::secret::{self, Secret};
use super::section_reader::SectionReader;
use super::yaml::pointer;

/// How a registry of modules is reached.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Registry")]
#[expect(
    dead_code,
    reason = "the password is read key by key, so that one message serves all secrets"
)]
pub(super) struct RawRegistry {
    /// Left out with the password: what `docker login` has left in its `config.json`, or an anonymous request.
    #[schemars(length(min = 1), extend("examples" = ["ci"]))]
    pub(super) username: Option<String>,
    /// A password or an access token.
    #[schemars(extend("writeOnly" = true))]
    password: Option<String>,
    /// A file that holds the password.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/registry_password"]))]
    password_file: Option<String>,
    /// Certificates (PEM) that the registry's must come from, instead of the system's.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/ca.crt"]))]
    pub(super) ca_file: Option<String>,
    /// Plain HTTP instead of HTTPS: every machine on the way can read the password. Left out: only on loopback.
    pub(super) insecure: Option<bool>,
}

/// `registries.HOST`: how a registry is reached. A public one needs no entry.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Without one, docker's own `config.json` is asked.
    pub login: Option<Login>,
    /// PEM: the only certificates that the registry's may come from.
    pub ca_file: Option<PathBuf>,
    /// Plain HTTP. Left out: only on loopback.
    pub insecure: Option<bool>,
}

/// The account that asks.
#[derive(Debug, Clone)]
pub struct Login {
    /// Shown in messages.
    pub username: String,
    /// Never shown.
    pub password: Secret,
}

impl Registry {
    /// Whether the registry at `host` is reached without TLS.
    pub fn plain_http(&self, host: &str) -> bool {
        self.insecure
            .unwrap_or_else(|| self.ca_file.is_none() && is_loopback(host))
    }
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> BTreeMap<String, Registry> {
    let mut registries = BTreeMap::new();
    for host in reader.keys("/registries") {
        let at = pointer::child("/registries", &host);
        if !is_host(&host) {
            let wrong = format!("`{host}` is not the host of a registry");
            let write = "write the host as in `source`: `registry.example:5000`";
            reader.key_problem(&at, wrong, write);
        }
        let has_password = secret::is_given(reader, &at, "password");
        let password = has_password
            .then(|| secret::read(reader, &at, "password"))
            .flatten()
            .map(|(_, password)| password);
        if let Some(raw) = reader.read::<RawRegistry>(&at) {
            check_login(reader, &at, raw.username.is_some(), has_password);
            let login = raw.username.zip(password);
            let registry = Registry {
                login: login.map(|(username, password)| Login { username, password }),
                ca_file: raw.ca_file.map(|file| reader.environment.absolute(file)),
                insecure: raw.insecure,
            };
            registries.insert(host, registry);
        }
    }
    registries
}

/// Both halves or neither.
fn check_login(reader: &mut SectionReader<'_>, at: &str, has_username: bool, has_password: bool) {
    if has_username != has_password {
        let missing = if has_password { "username" } else { "password" };
        reader.key_problem(
            at,
            format!("`{missing}` is missing: the other half alone is no login"),
            format!("add `{missing}`, or remove the other; without both, docker's own config.json is asked"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_or_explicit() {
        let unspecified = Registry::default();
        for host in ["localhost:5000", "127.0.0.1", "127.8.0.1:80", "[::1]:5000"] {
            assert!(unspecified.plain_http(host), "{host}");
        }
        for host in [
            "registry:5000",
            "localhost.example",
            "10.0.0.1:5000",
            "[::2]:1",
        ] {
            assert!(!unspecified.plain_http(host), "{host}");
        }
        let explicit = |insecure| Registry {
            insecure: Some(insecure),
            ..Registry::default()
        };
        assert!(explicit(true).plain_http("registry:5000"));
        assert!(!explicit(false).plain_http("localhost:5000"));
    }
}
