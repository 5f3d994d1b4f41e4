//! `strategy.config` in a file of its own, for those who try a module without a sidecar around it.

use std::path::Path;
use std::sync::Arc;

use super::document::Document;
use super::environment::Environment;
use super::problem::Problems;
use super::tree::{Content, Entry, Node, Position};
use super::{text, variables};

/// Where the file stands in a whole configuration.
const SECTION: &str = "/strategy/config";
const START: Position = Position { line: 1, column: 1 };

/// The values of `text`, which came from `file`: what would stand under `strategy.config`.
pub fn strategy_config(
    file: &Path,
    text: &str,
    environment: &Environment,
) -> Result<Alone, Problems> {
    let (config, mut problems) = text::parse(text);
    let nothing = || Node {
        at: START,
        content: Content::Map(Vec::new()),
    };
    let mut root = below("strategy", below("config", config.unwrap_or_else(nothing)));
    problems.extend(variables::substitute(&mut root, environment));
    match problems.is_empty() {
        true => Ok(Alone::of(Arc::new(Document::new(file, &root)))),
        false => Err(Problems::new(file, problems)),
    }
}

/// A `strategy.config` without the rest.
#[derive(Debug)]
pub struct Alone(Arc<Document>);

impl Alone {
    /// The part of a whole configuration.
    pub(super) fn of(document: Arc<Document>) -> Self {
        Self(document)
    }

    /// Checks it with the JSON Schema that the module brings, and returns it as that wants it.
    pub fn check(&self, schema: &serde_json::Value) -> Result<serde_json::Value, Problems> {
        self.0.check(SECTION, schema)
    }
}

fn below(key: &str, value: Node) -> Node {
    let entry = Entry {
        key: key.to_owned(),
        at: START,
        value,
    };
    Node {
        at: START,
        content: Content::Map(vec![entry]),
    }
}
