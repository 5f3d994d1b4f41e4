//! One run of a module, and how it ended.

use super::bindings::strategy::Module as Bindings;
use super::bindings::strategy::exports::sidecar::strategy::strategy::Run;
use super::call;
use super::job::SandboxJob;
use super::module::Module;
use super::output::ModuleOutput;
use super::state::State;
use crate::artifact::{Omission, Writer};
use crate::error::{Error, Result};
use crate::paths::Mounts;

/// How a run ended, seen from both sides.
pub struct RunEnd {
    /// What the module made of it.
    pub answer: ModuleAnswer,
    /// The first error after which the artifact cannot be good, whatever the module says.
    pub broken: Option<Error>,
    /// What it has left out.
    pub omissions: Vec<Omission>,
    artifact: Option<Writer>,
}

/// How `backup` ended.
#[derive(Debug)]
pub enum ModuleAnswer {
    /// It returned ok.
    Done,
    /// It returned a failure.
    Failed(Error),
    /// It stopped in the middle.
    Trapped(Error),
}

impl RunEnd {
    /// The artifact, still unsealed, if it can be good.
    pub fn verdict(self) -> Result<Writer> {
        if let Some(broken) = self.broken {
            return Err(match self.answer {
                // The module says the same, and knows what the command was for.
                ModuleAnswer::Failed(error) if error.code() == broken.code() => error,
                _ => broken,
            });
        }
        match self.answer {
            ModuleAnswer::Done => {}
            ModuleAnswer::Failed(error) | ModuleAnswer::Trapped(error) => return Err(error),
        }
        self.artifact.ok_or_else(|| {
            Error::run(
                "fifo-not-collected",
                "the module prepared the FIFO and never collected it",
            )
        })
    }
}

impl Module {
    /// Makes a backup on this thread. Returns the artifact, still unsealed, and what is not in it.
    pub fn run(&self, job: SandboxJob, artifact: Writer) -> Result<(Writer, Vec<Omission>)> {
        let mut end = run(self, job, artifact)?;
        let omissions = std::mem::take(&mut end.omissions);
        Ok((end.verdict()?, omissions))
    }

    /// The same, and tells both sides of how it ended.
    pub fn observe(&self, job: SandboxJob, artifact: Writer) -> Result<RunEnd> {
        run(self, job, artifact)
    }
}

/// Runs `backup` to its end on this thread. An error: it never began, or it was cancelled.
fn run(module: &Module, job: SandboxJob, artifact: Writer) -> Result<RunEnd> {
    let output = ModuleOutput::new(module.name());
    let mut state = State::for_job(module.name(), &job, &output)?;
    state.artifact = Some(artifact);
    let mounts = Mounts::of(&job.grants.roots);
    let request = Run {
        id: job.id,
        config: job.config,
        parameters: job.parameters,
    };
    let (answer, mut state) = call::call(module.engine(), state, async |store| {
        let instance =
            Bindings::instantiate_async(&mut *store, module.component(), module.linker()).await?;
        let strategy = instance.sidecar_strategy_strategy();
        strategy.call_backup(store, &request).await
    })?;
    let answer = match answer {
        Ok(Ok(())) => ModuleAnswer::Done,
        Ok(Err(failure)) => ModuleAnswer::Failed(failure.into()),
        Err(trap) => {
            ModuleAnswer::Trapped(call::explain(&trap, module.name(), &state.memory, &output))
        }
    };
    if let Err(gone) = mounts.require_all() {
        state.broken.get_or_insert(gone);
    }
    Ok(RunEnd {
        answer,
        broken: state.broken,
        omissions: state.omissions.into_list(),
        artifact: state.artifact,
    })
}
