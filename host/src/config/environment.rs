//! What a configuration may ask of the process: passed in, so that reading one stays a pure function.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Gives the JSON Schema of `strategy.config` for a built-in strategy.
pub type Schemas = fn(&str) -> Option<Value>;

/// Environment variables, the current directory, and the schemas of the built-in strategies.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    current_dir: PathBuf,
    schemas: Option<Schemas>,
}

impl Environment {
    /// Of this process. Variables that are not UTF-8 are left out: YAML could not hold them.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let current_dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self {
            variables,
            current_dir,
            schemas: None,
        }
    }

    /// Asks `schemas` when a file has mistakes, so that those in `strategy.config` are in
    /// the same list. A file without mistakes is checked with its module's schema later.
    #[must_use]
    pub fn with_schemas(mut self, schemas: Schemas) -> Self {
        self.schemas = Some(schemas);
        self
    }

    /// The JSON Schema of a built-in strategy.
    pub(super) fn schema(&self, strategy: &str) -> Option<Value> {
        self.schemas.and_then(|schemas| schemas(strategy))
    }

    /// Exactly these.
    pub fn new<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
        current_dir: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self {
            variables,
            current_dir: current_dir.into(),
            schemas: None,
        }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The text of a file: the configuration itself, or a secret beside it.
    pub(super) fn read(&self, path: &Path) -> std::io::Result<String> {
        std::fs::read_to_string(self.absolute(path))
    }

    /// Whether there is something at `path`.
    pub(super) fn exists(&self, path: &Path) -> bool {
        self.absolute(path).exists()
    }

    /// `path` as it is seen from anywhere: without links being followed, `..` stays.
    pub(super) fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        self.current_dir.join(path).components().collect()
    }
}

/// The system's message for a failure, without Rust's "(os error 2)".
pub(super) fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}
