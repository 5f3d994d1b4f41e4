//! The operator's configuration: text → located values → checked, typed, resolved.
//!
//! Everything behind this module sees only [`Config`]: defaults filled in, variables substituted,
//! durations and sizes in their own types, secrets that cannot be printed.
//!
//! ```text
//! text ──► tree ──► variables ──► document ──► JSON Schema of `raw` ──► check ──► Config
//! YAML     places   ${VAR}        values       types, names, forms      the rest
//! ```
//!
//! Every step adds its problems to one list, so that an operator sees all of them at once.

mod alone;
mod builder;
mod check;
mod document;
mod drill;
mod environment;
mod explain;
mod formats;
mod hostile;
mod model;
mod notify;
mod pointer;
mod problem;
mod raw;
mod registries;
mod retention;
mod rule;
mod scalar;
mod schedule;
mod shell_variables;
mod stores;
mod text;
mod tree;
mod units;
mod validate;
mod variables;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use alone::{Alone, strategy_config};
pub use document::Document;
pub use drill::Drill;
pub use environment::{Environment, Schemas};
pub use model::*;
pub use notify::*;
pub use problem::{Problem, Problems};
pub use registries::*;
pub use retention::{Keep, Policy, Tier};
pub use schedule::*;
pub use stores::*;
pub use tree::Position;

/// A configuration that works anywhere: archives what lies in a clone of the repository.
const DEMO: &str = include_str!("../../../config/demo.yaml");

/// Reads the configuration at `path`; else at `$SIDECAR_CONFIG_PATH`, `/etc/sidecar/config.yaml`,
/// `config/config.yaml`, whichever comes first.
pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Config, Problems> {
    let file = locate(path, environment)?;
    let text = environment.read(&file).map_err(|error| {
        let wrong = format!("the configuration cannot be read: {}", reason(&error));
        Problems::with_file(
            &file,
            wrong,
            "check the path, and that the sidecar's user may read it",
        )
    })?;
    parse(&file, &text, environment)
}

/// The embedded demonstration: needs no file, no network, no database and no root.
pub fn demo(environment: &Environment) -> Result<Config, Problems> {
    parse(Path::new("config/demo.yaml"), DEMO, environment)
}

/// Checks `text`, which came from `file`.
pub fn parse(file: &Path, text: &str, environment: &Environment) -> Result<Config, Problems> {
    let (root, mut problems) = text::parse(text);
    let checked = match root {
        Some(mut root) if root.is_map() => {
            problems.extend(variables::substitute(&mut root, environment));
            let mut document = Document::new(file, &root);
            problems.extend(document.check_all(&schema()));
            check::check(document, environment, problems)
        }
        _ if problems.is_empty() => {
            let wrong = "this is not a configuration: a map of keys is expected";
            let write = "start from config/config.example.yaml";
            return Err(Problems::with_file(file, wrong, write));
        }
        _ => Err(problems),
    };
    checked.map_err(|problems| Problems::new(file, problems))
}

/// The JSON Schema of a configuration, for editors and for our own check.
pub fn schema() -> Value {
    raw::schema()
}

/// Says why a module's JSON Schema cannot be used.
pub fn usable_schema(schema: &Value) -> Result<(), String> {
    hostile::refuse(schema, &Value::Null)?;
    validate::validator(schema, validate::From::AModule)
        .map(drop)
        .map_err(|error| error.masked().to_string())
}

impl Config {
    /// Checks `strategy.config` with the JSON Schema that the module brings.
    ///
    /// Returns it as the schema wants it: a plain `123` where it expects text is "123".
    pub fn check_strategy(&self, schema: &Value) -> Result<Value, Problems> {
        self.document.check("/strategy/config", schema)
    }

    /// The strategy's own part, to be tried with another module.
    pub fn strategy_config(&self) -> Alone {
        Alone::of(self.document.clone())
    }

    /// What the module found wrong with `strategy.config`, as (message, hint), with its place.
    pub fn refused(
        &self,
        failures: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Problems {
        let problem = |(message, hint): (String, Option<String>)| {
            self.document
                .key_problem("/strategy/config", message, hint.unwrap_or_default())
        };
        Problems::new(&self.file, failures.into_iter().map(problem).collect())
    }
}

/// Where the configuration is.
fn locate(path: Option<&Path>, environment: &Environment) -> Result<PathBuf, Problems> {
    const PLACES: [&str; 2] = ["/etc/sidecar/config.yaml", "config/config.yaml"];
    let named = environment
        .get("SIDECAR_CONFIG_PATH")
        .filter(|path| !path.is_empty());
    if let Some(path) = path.or(named.map(Path::new)) {
        return Ok(path.to_owned());
    }
    let found = PLACES
        .iter()
        .map(Path::new)
        .find(|place| environment.exists(place));
    found.map(Path::to_owned).ok_or_else(|| {
        Problems::with_file(
            Path::new(PLACES[1]),
            format!(
                "there is no configuration: neither --config nor $SIDECAR_CONFIG_PATH is given, \
                 and neither {} nor {} exists",
                PLACES[0], PLACES[1]
            ),
            "copy config/config.example.yaml there, or try `--config config/demo.yaml`",
        )
    })
}

/// The system's words without Rust's "(os error 2)".
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests;
