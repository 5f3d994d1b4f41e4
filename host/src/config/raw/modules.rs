//! `modules.NAME`

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::{Bytes, Span};
use super::words::{AbsolutePath, Address, Sha256, SigningKey, VariableName};

/// A strategy from elsewhere.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Module {
    /// The component's file, relative to the configuration file; or `oci://registry/name:tag`.
    #[schemars(length(min = 1), extend("examples" = ["/plugins/redis_snapshot.wasm"]))]
    pub(in super::super) source: String,
    /// The digest that the component must have. Required for `oci://`.
    pub(in super::super) sha256: Option<Sha256>,
    /// The minisign key that the component must be signed with: in `SOURCE.minisig`, or pushed along with it.
    pub(in super::super) signed_by: Option<SigningKey>,
    pub(in super::super) allow: Option<Allow>,
    pub(in super::super) limits: Option<Limits>,
}

/// What the module may do at most; what is not named is denied.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Allow {
    /// Command lines; `*` stands for characters that mean nothing to a shell.
    #[schemars(extend("examples" = [["redis-cli *"]]))]
    pub(in super::super) commands: Option<Vec<String>>,
    /// Absolute files and directories, with what lies below.
    pub(in super::super) read: Option<Vec<AbsolutePath>>,
    /// Whether links may lead out of `read`.
    #[schemars(extend("default" = false))]
    pub(in super::super) follow_links: Option<bool>,
    /// Addresses as `host:port`; `*` may stand for the port.
    pub(in super::super) net: Option<Vec<Address>>,
    /// Names of environment variables.
    pub(in super::super) env: Option<Vec<VariableName>>,
}

/// What the module may use at most.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Limits {
    /// Linear memory.
    #[schemars(extend("default" = "1GiB"))]
    pub(in super::super) memory: Option<Bytes>,
    /// Replaces `strategy.timeout` for this module.
    pub(in super::super) timeout: Option<Span>,
}
