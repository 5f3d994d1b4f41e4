//! What is there already where a restore would put something.

use schemars::JsonSchema;
use serde::Serialize;

/// A place that a restore would fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FoundTarget {
    /// The part that comes there.
    pub part: String,
    /// What it is called there.
    pub name: String,
    /// Whether something is there: `replace` replaces it, and without it the restore refuses this part.
    pub exists: bool,
}

/// What a module has found at the places that a restore would fill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundTargets {
    /// Those of which it can be told.
    pub targets: Vec<FoundTarget>,
    /// "PostgreSQL 15.8"
    pub server: Option<String>,
}
