//! What a module asks for with the configurations that it brings itself.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::error_text::invalid_config;
use crate::config::{Environment, Paths, StrategyConfig, strategy_config};
use crate::error::Result;
use crate::plan::{AccessRequest, AccessVerdict};
use crate::sandbox::{Description, Module, helper_variables};

/// Everything that runs with `with` ask for, or without it, with the examples of the module's schema; their
/// helper variables are the paths that a container usually has.
pub(super) fn asks(
    module: &Module,
    description: &Description,
    with: Option<&StrategyConfig>,
) -> Result<Vec<AccessVerdict>> {
    let paths = Paths {
        workdir: "/var/lib/sidecar/workdir".into(),
        artifacts: "/var/lib/sidecar/artifacts".into(),
        root: "/var/lib/sidecar/artifacts".into(),
        temp_dump: "/var/lib/sidecar/tmp/dump.tmp".into(),
        keep_undelivered: Duration::ZERO,
    };
    let helpers = helper_variables(&paths, module.name(), None);
    let schema = &description.config_schema;
    let mut all = AccessRequest::default();
    for config in configs(schema, with, &helpers)? {
        let asked = module.plan(&config.to_string(), &helpers)?;
        all.add(asked.map_err(|failures| invalid_config(&failures))?);
    }
    Ok(all.all_allowed())
}

fn configs(
    schema: &Value,
    with: Option<&StrategyConfig>,
    helpers: &[(String, String)],
) -> Result<Vec<Value>> {
    if let Some(with) = with {
        return Ok(vec![with.check(schema)?]);
    }
    let environment = Environment::new(helpers.iter().cloned(), "/");
    let examples = schema["examples"].as_array().into_iter().flatten();
    let checked = examples.map(|example| {
        let text = example.to_string();
        let config = strategy_config(Path::new("its example"), &text, &environment)?;
        Ok(config.check(schema)?)
    });
    checked.collect()
}
