//! `modules.lock`: what the operator has accepted of each module, of its backups and of its restores.

use super::context::Context;
use super::{restore_needs, strategy};
use crate::error::Result;
use crate::modules::{self, LockReport, ModuleNeeds};
use crate::plan::AccessRequest;
use crate::sandbox::{Choices, Module};

/// Compares all modules of the configuration with the lock file.
pub(super) fn compare_with_lock(context: &Context, accept: bool) -> Result<LockReport> {
    let Context { config, engine, .. } = context;
    let needs = |module: &Module| {
        // Of several strategies the one that it is the module of.
        let is_of = |one: &&Context| one.config().strategy.name == module.name();
        let context = context.all().find(is_of).unwrap_or(context);
        let config = context.config();
        let strategy_config = strategy::checked_config(context, module)?;
        Ok(ModuleNeeds {
            backup: strategy::ask(config, module, &strategy_config, None)?,
            restore: of_restores(context, module)?,
        })
    };
    modules::compare_with_lock(config, engine, context.cache.as_deref(), accept, needs)
}

/// What restores may ask for, here and into the scratch target. A module that cannot tell without a backup, or knows no
/// restore, asks for nothing yet.
pub(super) fn of_restores(context: &Context, module: &Module) -> Result<Option<AccessRequest>> {
    if !module.can_restore() {
        return Ok(None);
    }
    let scratch = context
        .config()
        .drill
        .as_ref()
        .map(|drill| drill.into.reveal());
    let mut all: Option<AccessRequest> = None;
    for into in [None, scratch] {
        let asked = restore_needs::ask_of_any(context, module, into, Choices::default())?;
        if let Ok(needs) = asked {
            let access = needs.access();
            match &mut all {
                Some(all) => all.add(access),
                None => all = Some(access),
            }
        }
    }
    Ok(all)
}
