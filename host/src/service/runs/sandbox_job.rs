//! What the sandbox needs to run a module for a job.

use std::sync::Arc;

use super::job::Job;
use crate::config::{Config, Confine};
use crate::error::Result;
use crate::paths::Directories;
use crate::plan::Grants;
use crate::sandbox::{CommandFolder, Module, SandboxJob, helper_variables};
use crate::service::{folders, overlap, variables};

/// A module's run, with what it was granted.
pub(in crate::service) fn sandbox_job(
    config: &Config,
    job: &Arc<Job>,
    strategy_config: String,
    grants: Grants,
    module: &Module,
) -> Result<SandboxJob> {
    let request = job.request();
    let helpers = helper_variables(
        &config.paths,
        &config.strategy.name,
        request.drive_folder_id.as_deref(),
    );
    let spec = config.modules.get(module.name());
    let is_builtin = spec.is_none();
    let confine = spec.map_or(Confine::Auto, |spec| spec.confine);
    let env = variables::inherited(&helpers, is_builtin);
    let folder = request.drive_folder_id.iter();
    let state = folders::state_folder(&config.paths);
    let command_folder = match is_builtin {
        true => None,
        false => Some(CommandFolder::make(&state, &request.id)?),
    };
    Ok(SandboxJob {
        id: request.id.clone(),
        config: strategy_config,
        parameters: folder
            .map(|id| ("drive-folder-id".to_owned(), id.clone()))
            .collect(),
        grants,
        left_out: overlap::backup_folders(config),
        directories: Directories::from(&config.paths),
        command_folder,
        confine,
        temp_dump: config.paths.temp_dump.clone(),
        tree: None,
        helpers,
        env,
        memory: module.memory(),
        cancel: job.cancel().clone(),
        reporter: job.clone(),
    })
}
