//! `strategy.config` of `rogue`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::attempt::Attempt;

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// What to try.
    pub(crate) attempt: Attempt,
    /// With the standard library ("wasi") or with the interfaces of the host ("host").
    #[serde(default)]
    pub(crate) via: Via,
    /// The path, the command or the address to try it on; left out: the default of the attempt.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(crate) target: Option<String>,
    /// Requested in the plan, so that it is granted: absolute paths.
    #[serde(default)]
    pub(crate) read: Vec<String>,
    /// The same: "host:port".
    #[serde(default)]
    pub(crate) net: Vec<String>,
    /// The same: environment variables.
    #[serde(default)]
    pub(crate) env: Vec<String>,
    /// The same: a program and its arguments.
    #[serde(default)]
    pub(crate) argv: Vec<String>,
    /// The same: the shell for commands.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(crate) shell: Option<String>,
    /// The same: whether links may lead out of `read`.
    #[serde(default)]
    pub(crate) follow_links: bool,
}

/// Which interface an attempt uses.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Via {
    /// Rust's `std`, which uses WASI.
    #[default]
    Wasi,
    /// The interfaces of `sidecar:strategy`.
    Host,
}
