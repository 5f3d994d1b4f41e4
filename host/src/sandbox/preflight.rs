//! Asks a module whether a run would succeed now: what `sidecar check` does before the first run.

use std::time::Duration;

use wasmtime::Store;

use super::bindings::preflighter::Preflighter as Bindings;
use super::bindings::strategy::sidecar::strategy::types::Failure;
use super::bounds;
use super::call;
use super::job::SandboxJob;
use super::module::Module;
use super::output::ModuleOutput;
use super::state::State;
use crate::error::{Error, Result};

/// The export that makes a module one that can be asked.
const EXPORT: &str = "sidecar:strategy/preflight@0.1.0";
/// How long a module may take to answer.
pub const PREFLIGHT_TIMEOUT: Duration = Duration::from_secs(60);

/// What a module has found out.
#[derive(Debug, Default)]
pub struct Findings {
    /// Every reason why a run would fail now.
    pub failures: Vec<Error>,
    /// What the operator should know, although it fails no run.
    pub warnings: Vec<Error>,
}

impl Findings {
    /// Those of a module, as far as it may say them.
    pub(super) fn told(failures: &[Failure], warnings: &[Failure]) -> Self {
        Self {
            failures: bounds::failures(failures),
            warnings: bounds::failures(warnings),
        }
    }
}

impl Module {
    /// Whether the module can be asked.
    pub fn has_preflight(&self) -> bool {
        self.component().get_export_index(None, EXPORT).is_some()
    }

    /// Asks the module on this thread, with the grants of a run. The caller cancels the job after
    /// [`PREFLIGHT_TIMEOUT`].
    pub fn preflight(&self, job: SandboxJob) -> Result<Findings> {
        self.ask_without_changes(
            EXPORT,
            job,
            |_| (),
            async |store, job| {
                let instance =
                    Bindings::instantiate_async(&mut *store, self.component(), self.linker())
                        .await?;
                let preflight = instance.sidecar_strategy_preflight();
                let found = preflight.call_preflight(store, &job.config).await?;
                Ok(Findings::told(&found.failures, &found.warnings))
            },
        )
    }

    /// Has a module look that changes nothing. One without that export cannot be asked, and has found nothing.
    pub(super) fn ask_without_changes<T: Default>(
        &self,
        export: &str,
        job: SandboxJob,
        prepare: impl FnOnce(&mut State),
        ask: impl AsyncFnOnce(&mut Store<State>, &SandboxJob) -> wasmtime::Result<T>,
    ) -> Result<T> {
        if self.component().get_export_index(None, export).is_none() {
            return Ok(T::default());
        }
        let output = ModuleOutput::new(self.name());
        let mut state = State::for_job(self.name(), &job, &output)?;
        state.looks_only = true;
        prepare(&mut state);
        let (answer, state) =
            call::call(self.engine(), state, async |store| ask(store, &job).await)?;
        answer.map_err(|trap| call::explain(&trap, self.name(), &state.memory, &output))
    }
}
