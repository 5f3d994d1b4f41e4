//! Values of a file against a JSON Schema (2020-12): ours, or the one that a module brings.
//!
//! Every mistake becomes a problem with its position. A module's schema is untrusted: see `limits`.

mod explanation;
mod formats;
mod limits;
mod schema_rule;
mod validation;

use serde_json::Value;

use super::yaml::{ConfigProblem, ConfigProblems, Document};
use validation::SchemaAuthor;

/// Checks the section at a JSON pointer with the schema of a module.
///
/// Returns the section as the schema wants it: a plain `123` where it expects text is "123".
pub(super) fn check_section(
    document: &Document,
    section: &str,
    schema: &Value,
) -> Result<Value, ConfigProblems> {
    let nothing = Value::Null;
    let given = document.get(section).unwrap_or(&nothing);
    if let Err(why) = limits::check(schema, given) {
        let wrong = format!("it cannot be checked with the JSON Schema of the module: {why}");
        let write = "ask the module's makers for a simpler one";
        let problem = document.problem(section, wrong, write);
        return Err(ConfigProblems::new(document.file(), vec![problem]));
    }
    let (value, problems) = validation::section(document, section, schema, SchemaAuthor::Module);
    match problems.is_empty() {
        true => Ok(value),
        false => Err(ConfigProblems::new(document.file(), problems)),
    }
}

/// Checks the whole file with our own schema, and gives its values the types that the schema wants.
pub(super) fn check_file(document: &mut Document, schema: &Value) -> Vec<ConfigProblem> {
    let (value, problems) = validation::section(document, "", schema, SchemaAuthor::Sidecar);
    document.set_value(value);
    problems
}

/// Fails with the reason why the JSON Schema of a module cannot be used.
pub fn usable_schema(schema: &Value) -> Result<(), String> {
    limits::check(schema, &Value::Null)?;
    validation::validator(schema, SchemaAuthor::Module)
        .map(drop)
        .map_err(|error| error.masked().to_string())
}
