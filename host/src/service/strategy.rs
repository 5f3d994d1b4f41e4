//! The configured strategy: its module, its checked configuration, what it asks for and may have.

use serde_json::Value;

use super::context::Context;
use super::overlap;
use crate::config::{Allow, Config, LockRule};
use crate::error::{Error, Kind, Result};
use crate::modules;
use crate::plan::{self, AccessRequest};
use crate::sandbox::{Module, Source, helper_variables};

/// Loads the module that the configured strategy names.
pub(super) fn load(context: &Context) -> Result<Module> {
    overlap::require_confined(&context.config)?;
    let name = &context.config.strategy.name;
    match context.config.modules.get(name) {
        Some(spec) => Module::load(
            &context.engine,
            &modules::source(&context.config, context.cache.as_deref(), name, spec)?,
        ),
        None => {
            if let Some(module) = context.builtin.get() {
                return Ok(module.clone());
            }
            let module = Module::load(&context.engine, &Source::builtin(name)?)?;
            Ok(context.builtin.get_or_init(|| module).clone())
        }
    }
}

/// `strategy.config`, complete, as the module's schema wants it. Checked once for a component:
/// neither of the two changes, and to read a schema takes longer than a small backup.
pub(super) fn checked_config(context: &Context, module: &Module) -> Result<Value> {
    if let Some(config) = context.checked_config(module.digest()) {
        return Ok(config);
    }
    let schema = module.describe()?.config_schema;
    let mut config = context.config.check_strategy(&schema)?;
    leave_uncompressed(&context.config, &mut config);
    context.remember_checked(module.digest(), config.clone());
    Ok(config)
}

/// A repository compresses by itself, and finds nothing again in what was compressed before: an engine's tools leave
/// that to it, unless the operator says otherwise.
fn leave_uncompressed(config: &Config, strategy_config: &mut Value) {
    let has_repository = config
        .stores
        .iter()
        .any(|store| store.repository().is_some());
    let is_builtin = !config.modules.contains_key(&config.strategy.name);
    let Some(keys) = strategy_config.as_object_mut() else {
        return;
    };
    if has_repository && is_builtin && keys.get("engine").is_some_and(|engine| !engine.is_null()) {
        keys.entry("compress").or_insert(Value::Bool(false));
    }
}

/// What the module asks for. Its objections to the configuration get their place in the file.
pub(super) fn ask(
    config: &Config,
    module: &Module,
    strategy_config: &Value,
    drive_folder_id: Option<&str>,
) -> Result<AccessRequest> {
    let helpers = helper_variables(&config.paths, &config.strategy.name, drive_folder_id);
    module
        .plan(&strategy_config.to_string(), &helpers)?
        .map_err(|failures| {
            let objection = |error: Error| {
                let hint = error.hint_text().map(str::to_owned);
                (error.message().to_owned(), hint)
            };
            config.refused(failures.into_iter().map(objection)).into()
        })
}

/// The operator's permission. A built-in strategy may do what its configuration says.
pub(super) fn allowed(config: &Config, strategy_config: &Value, asked: &AccessRequest) -> Allow {
    match config.modules.get(&config.strategy.name) {
        Some(spec) => spec.allow.clone(),
        None => plan::allow_builtin(strategy_config, &config.paths.workdir, asked),
    }
}

/// Fails for a module that is not as `modules.lock` says. What it asks for counts only if it is known.
pub(super) fn require_accepted(
    context: &Context,
    module: &Module,
    asked: Option<&AccessRequest>,
) -> Result<()> {
    modules::require_accepted(&context.config, module, asked)
}

/// Why the configured module may become another one, or ask for more, without a word.
pub(super) fn not_locked(config: &Config) -> Option<Error> {
    let name = &config.strategy.name;
    let file = modules::lock_file(config);
    let is_error = config.modules_lock == LockRule::Required;
    if !config.modules.contains_key(name) || file.exists() || is_error {
        return None;
    }
    let message = format!("what module {name} is and asks for is written down nowhere");
    Some(Error::new(Kind::Config, "not-locked", message).hint(format!(
        "`sidecar module lock` writes {}: from then on, another file or a new request is refused; `modules_lock: required` in the configuration refuses to run without it",
        file.display()
    )))
}

/// Fails for a module whose restore asks for more than `modules.lock` says.
pub(super) fn require_restore_accepted(
    context: &Context,
    module: &Module,
    asked: &AccessRequest,
) -> Result<()> {
    modules::require_restore_accepted(&context.config, module, asked)
}
