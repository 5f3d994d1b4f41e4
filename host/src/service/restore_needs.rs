//! What restores need, compared with what they may have: of one backup, or of any.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::context::Context;
use super::strategy;
use crate::config::{Allow, Config};
use crate::error::{Error, Result};
use crate::plan::{self, AccessRequest, RestorePlan, normal};
use crate::sandbox::{Choices, Module, RestoreRequest, helper_variables};

/// What a restore asks for, and the operator's permission.
pub(super) struct RestoreNeeds {
    /// `strategy.config`.
    pub(super) config: Value,
    pub(super) plan: RestorePlan,
    pub(super) allow: Allow,
    /// Where it may write.
    pub(super) directories: Vec<PathBuf>,
}

impl RestoreNeeds {
    /// What it has in common with the needs of a backup.
    pub(super) fn access(&self) -> AccessRequest {
        self.plan.access()
    }
}

/// Asks the module about a backup. Its reasons against it come as they are.
pub(super) fn ask(
    context: &Context,
    module: &Module,
    request: &RestoreRequest,
) -> Result<Result<RestoreNeeds, Vec<Error>>> {
    let config = context.config();
    let strategy_config = strategy::checked_config(context, module)?;
    let helpers = helper_variables(&config.paths, &config.strategy.name, None);
    let planned = module.plan_restore(&strategy_config.to_string(), request, &helpers)?;
    Ok(planned.map(|plan| RestoreNeeds {
        allow: match config.modules.get(module.name()) {
            Some(spec) => spec.allow.clone(),
            None => plan::allow_builtin_restore(&strategy_config, &config.paths.workdir, &plan),
        },
        directories: directories(config, module, &strategy_config, request.into.as_deref()),
        config: strategy_config,
        plan,
    }))
}

/// Asks the module about backups that are yet to be made: one without bytes and parts stands for all.
pub(super) fn ask_of_any(
    context: &Context,
    module: &Module,
    into: Option<&str>,
    choices: Choices,
) -> Result<Result<RestoreNeeds, Vec<Error>>> {
    let request = RestoreRequest {
        format: context.config().strategy.artifact.format.clone(),
        size: 0,
        parts: Vec::new(),
        only: Vec::new(),
        into: into.map(str::to_owned),
        replace: into.is_some(),
        choices,
    };
    ask(context, module, &request)
}

/// Where a restore may write: what the operator named for it, and for a built-in strategy also the
/// directory that its configuration names.
fn directories(
    config: &Config,
    module: &Module,
    strategy_config: &Value,
    into: Option<&str>,
) -> Vec<PathBuf> {
    let own = source_directory(config, module, strategy_config);
    let named = into.map(Path::new);
    let all = named.into_iter().chain(own.as_deref());
    all.filter_map(normal).collect()
}

/// The directory that a built-in strategy archives, or works in.
pub(super) fn source_directory(
    config: &Config,
    module: &Module,
    strategy_config: &Value,
) -> Option<PathBuf> {
    let workdir = &config.paths.workdir;
    match strategy_config.get("base_dir").and_then(Value::as_str) {
        _ if config.modules.contains_key(module.name()) => None,
        Some(base) => Some(workdir.join(base)),
        None => Some(workdir.clone()),
    }
}
