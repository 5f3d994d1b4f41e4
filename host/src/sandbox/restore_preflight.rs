//! Asks a module whether a restore could begin now: what `sidecar check` does for drills.

use super::bindings::restore_preflighter::RestorePreflighter as Bindings;
use super::choices::Choices;
use super::job::SandboxJob;
use super::module::Module;
use super::preflight::Findings;
use super::state::State;
use crate::error::Result;

/// The export that makes a module one that can be asked.
const EXPORT: &str = "sidecar:strategy/restore-preflight@0.1.0";

impl Module {
    /// Asks the module on this thread, with the grants of a restore. A module that cannot be asked has found
    /// nothing. The caller cancels the job after a while.
    pub fn preflight_restore(
        &self,
        job: SandboxJob,
        into: Option<&str>,
        choices: Choices,
    ) -> Result<Findings> {
        let prepare = |state: &mut State| state.choices = choices;
        self.ask_without_changes(EXPORT, job, prepare, async |store, job| {
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let preflight = instance.sidecar_strategy_restore_preflight();
            let found = preflight.call_preflight_restore(store, &job.config, into);
            let found = found.await?;
            Ok(Findings::told(&found.failures, &found.warnings))
        })
    }
}
