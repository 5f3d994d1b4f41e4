//! `modules.NAME.allow`: what a module may do at most.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::module_argv::{self, RawArgument, VectorRule};
use super::section_reader::SectionReader;

/// What the module may do at most; what is not named is denied.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Allow")]
pub(super) struct RawAllow {
    /// Command lines; `*` stands for plain words that are no options, `**` for options too.
    #[schemars(extend("examples" = [["redis-cli *"]]))]
    pub(super) commands: Option<Vec<String>>,
    /// Programs with their arguments, word by word; no shell reads them.
    #[schemars(inner(length(min = 1)), extend("examples" = [[["redis-cli", "-p", {"kind": "number"}, "--rdb", "-"]]]))]
    pub(super) argv: Option<Vec<Vec<RawArgument>>>,
    /// Absolute files and directories, with what lies below.
    pub(super) read: Option<Vec<RawAbsolutePath>>,
    /// Whether links may lead out of `read`.
    #[schemars(extend("default" = false))]
    pub(super) follow_links: Option<bool>,
    /// Addresses as `host:port`; `*` may stand for the port.
    pub(super) net: Option<Vec<RawAddress>>,
    /// Names of environment variables.
    pub(super) env: Option<Vec<RawVariableName>>,
}

/// A path that starts at the root and never goes back up.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "AbsolutePath",
    title = "absolute path without `..`",
    extend("pattern" = r"^/(?!(.*/)?\.\.(/|$))", "examples" = ["/data"])
)]
pub(super) struct RawAbsolutePath(pub(super) String);

/// `host:port`; `*` may stand for the port.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Address",
    title = "network address (host:port)",
    extend("format" = "sidecar-address", "examples" = ["redis:6379"])
)]
pub(super) struct RawAddress(pub(super) String);

/// Names an environment variable.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "VariableName",
    title = "variable name",
    extend("pattern" = "^[A-Za-z_][A-Za-z0-9_]*$", "examples" = ["REDIS_URL"])
)]
pub(super) struct RawVariableName(pub(super) String);

/// `modules.NAME.allow`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    /// Command lines; `*` stands for plain words that are no options, `**` for options too.
    pub commands: Vec<String>,
    /// Programs with their arguments.
    pub argv: Vec<VectorRule>,
    /// Command lines in which every character stands for itself, and shells.
    pub lines: Vec<String>,
    /// Absolute files and directories, with what lies below.
    pub read: Vec<PathBuf>,
    /// Whether links may lead out of `read`.
    pub follow_links: bool,
    /// "host:port"; `*` may stand for the port.
    pub net: Vec<String>,
    /// Names of environment variables.
    pub env: Vec<String>,
}

impl Allow {
    /// Allows also what another one allows.
    pub fn add(&mut self, other: Self) {
        self.commands.extend(other.commands);
        self.argv.extend(other.argv);
        self.lines.extend(other.lines);
        self.read.extend(other.read);
        self.follow_links |= other.follow_links;
        self.net.extend(other.net);
        self.env.extend(other.env);
    }
}

/// `module` is the pointer of the module.
pub(super) fn read(reader: &mut SectionReader<'_>, module: &str, raw: RawAllow) -> Allow {
    Allow {
        commands: raw.commands.unwrap_or_default(),
        argv: module_argv::read(reader, module, raw.argv.unwrap_or_default()),
        lines: Vec::new(),
        read: list(raw.read, |path| PathBuf::from(path.0)),
        follow_links: raw.follow_links.unwrap_or(false),
        net: list(raw.net, |address| address.0),
        env: list(raw.env, |name| name.0),
    }
}

fn list<T, U>(items: Option<Vec<T>>, convert: impl Fn(T) -> U) -> Vec<U> {
    items.into_iter().flatten().map(convert).collect()
}
