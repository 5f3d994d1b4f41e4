//! The configuration in force, for those who may see it: without any secret.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::config::Config;
use crate::redact::{is_secret, redacted};

/// What stands in place of a secret, and of what came from a variable.
const HIDDEN: &str = "***";

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Configuration")]
pub struct ShownConfig {
    /// The file.
    pub file: String,
    /// As the file says it, in the types of the schema; `***` in place of secrets and of what variables hold.
    pub configuration: Value,
}

/// The configuration that `config` was read from.
pub(super) fn shown(config: &Config) -> ShownConfig {
    let mut configuration = config.document.without_variables(HIDDEN);
    hide(&mut configuration);
    ShownConfig {
        file: config.file.display().to_string(),
        configuration,
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) if is_secret(text) && redacted(text) == *text => {
            HIDDEN.clone_into(text)
        }
        Value::String(text) => *text = redacted(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(map) => map.values_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
