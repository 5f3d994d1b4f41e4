//! Asks a module what is there already where a restore would put something.

use super::bindings::target_finder::TargetFinder as Bindings;
use super::bindings::target_finder::exports::sidecar::strategy::targets as exported;
use super::bounds;
use super::found_targets::FoundTargets;
use super::job::SandboxJob;
use super::module::Module;
use super::module_request::module_request;
use super::restore::RestoreRequest;
use super::state::State;
use crate::error::Result;

/// The export that makes a module one that can be asked.
const EXPORT: &str = "sidecar:strategy/targets@0.1.0";

impl Module {
    /// Whether it can be asked what a restore would find.
    pub fn finds_targets(&self) -> bool {
        self.component().get_export_index(None, EXPORT).is_some()
    }

    /// Asks on this thread, with the grants of the restore. The caller cancels the job after a while.
    pub fn find_targets(&self, job: SandboxJob, request: &RestoreRequest) -> Result<FoundTargets> {
        let choices = request.choices.clone();
        let asked = module_request!(exported, &request, &job.config);
        let prepare = |state: &mut State| state.choices = choices;
        let found = self.ask_without_changes(EXPORT, job, prepare, async |store, _| {
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let targets = instance.sidecar_strategy_targets();
            Ok(Some(targets.call_find_targets(store, &asked).await?))
        })?;
        match found {
            None => Ok(FoundTargets::default()),
            Some(Ok(found)) => Ok(bounds::targets(found)),
            Some(Err(failure)) => Err(bounds::failure(&failure)),
        }
    }
}
