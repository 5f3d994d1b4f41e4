//! `strategy.config` in a file of its own, to try a module without a whole configuration.

use std::path::Path;
use std::sync::Arc;

use super::environment::Environment;
use super::json_schema;
use super::yaml::{self, ConfigProblems, Document, SourcePosition};
use super::yaml::{YamlContent, YamlEntry, YamlNode};

/// Where the file stands in a whole configuration.
const SECTION: &str = "/strategy/config";
const START: SourcePosition = SourcePosition { line: 1, column: 1 };

/// The values of `text`, which came from `file`: what would stand under `strategy.config`.
pub fn strategy_config(
    file: &Path,
    text: &str,
    environment: &Environment,
) -> Result<StrategyConfig, ConfigProblems> {
    let (config, mut problems) = yaml::parse(text);
    let nothing = || YamlNode {
        at: START,
        content: YamlContent::Map(Vec::new()),
    };
    let mut root = below("strategy", below("config", config.unwrap_or_else(nothing)));
    problems.extend(yaml::substitute(&mut root, environment));
    match problems.is_empty() {
        true => Ok(StrategyConfig::of(Arc::new(Document::new(file, &root)))),
        false => Err(ConfigProblems::new(file, problems)),
    }
}

/// A `strategy.config` without the rest.
#[derive(Debug)]
pub struct StrategyConfig(Arc<Document>);

impl StrategyConfig {
    /// The part of a whole configuration.
    pub(super) fn of(document: Arc<Document>) -> Self {
        Self(document)
    }

    /// Checks it with the JSON Schema that the module brings, and returns it as that wants it.
    pub fn check(&self, schema: &serde_json::Value) -> Result<serde_json::Value, ConfigProblems> {
        json_schema::check_section(&self.0, SECTION, schema)
    }
}

fn below(key: &str, value: YamlNode) -> YamlNode {
    let entry = YamlEntry {
        key: key.to_owned(),
        at: START,
        value,
    };
    YamlNode {
        at: START,
        content: YamlContent::Map(vec![entry]),
    }
}
