//! `strategy.config` of `prober`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// The probe to carry out, `FUNCTION ATTACK`, or `all` but those that trap; left out: the commands are run.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(crate) probe: Option<String>,
    /// Steps of a tree of files: `NAME PATH` adds what stands at a path of the first granted directory; `finish`, and
    /// `write`, which writes an artifact.
    #[serde(default)]
    pub(crate) tree: Vec<String>,
    /// Laid into the work directory before the commands run: names, and what is written there.
    #[serde(default)]
    pub(crate) lay: BTreeMap<String, String>,
    /// The same: links, and what they lead to.
    #[serde(default)]
    pub(crate) links: BTreeMap<String, String>,
    /// Requested in the plan.
    #[serde(default)]
    pub(crate) commands: Vec<String>,
    /// The same: absolute paths. The first one is a directory with a `file` and a `link` out of it.
    #[serde(default)]
    pub(crate) read: Vec<String>,
    /// The same: "host:port".
    #[serde(default)]
    pub(crate) net: Vec<String>,
    /// The same: environment variables.
    #[serde(default)]
    pub(crate) env: Vec<String>,
}
