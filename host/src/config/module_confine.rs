//! `modules.NAME.confine`: what is done where the kernel cannot confine the module's commands.

use schemars::JsonSchema;
use serde::Deserialize;

/// What is done where the kernel cannot confine the module's commands as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confine {
    /// They run as far confined as it can be had, with a warning.
    #[default]
    Auto,
    /// They do not run.
    Required,
}
