//! `registries.HOST`

use schemars::JsonSchema;
use serde::Deserialize;

/// How a registry of modules is reached.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the password is read key by key, so that one message serves all secrets"
)]
pub(in super::super) struct Registry {
    /// Left out with the password: what `docker login` has left in its `config.json`, or nobody.
    #[schemars(length(min = 1), extend("examples" = ["ci"]))]
    pub(in super::super) username: Option<String>,
    /// A password or an access token.
    #[schemars(extend("writeOnly" = true))]
    password: Option<String>,
    /// A file that holds the password.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/registry_password"]))]
    password_file: Option<String>,
    /// Certificates (PEM) that the registry's must come from, instead of the system's.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/ca.crt"]))]
    pub(in super::super) ca_file: Option<String>,
    /// Plain HTTP instead of HTTPS: whoever is on the way reads the password. Left out: only on loopback.
    pub(in super::super) insecure: Option<bool>,
}
