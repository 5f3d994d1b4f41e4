//! One run of a module, and how it ended.

use super::bindings::strategy::Module as Bindings;
use super::bindings::strategy::exports::sidecar::strategy::strategy::Run;
use super::call;
use super::job::SandboxJob;
use super::module::Module;
use super::output::ModuleOutput;
use super::state::State;
use crate::artifact::file_tree::FileTreeTotals;
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
    /// What it has added to a tree of files, if it has made one instead of an artifact.
    pub tree: Option<FileTreeTotals>,
    artifact: Option<Writer>,
}

/// What a good run has made.
pub struct ModuleRun {
    /// The artifact, still unsealed; empty beside a tree.
    pub artifact: Writer,
    /// What was added to a tree of files, if it is one.
    pub tree: Option<FileTreeTotals>,
    /// What is not in it.
    pub omissions: Vec<Omission>,
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
    /// Makes a backup on this thread.
    pub fn run(&self, job: SandboxJob, artifact: Writer) -> Result<ModuleRun> {
        let mut end = run(self, job, artifact)?;
        let omissions = std::mem::take(&mut end.omissions);
        Ok(ModuleRun {
            tree: end.tree,
            artifact: end.verdict()?,
            omissions,
        })
    }

    /// The same, and tells both sides of how it ended.
    pub fn observe(&self, job: SandboxJob, artifact: Writer) -> Result<RunEnd> {
        run(self, job, artifact)
    }
}

/// Runs `backup` to its end on this thread. An error: it never began, or it was cancelled.
fn run(module: &Module, mut job: SandboxJob, artifact: Writer) -> Result<RunEnd> {
    let output = ModuleOutput::new(module.name());
    let mut state = State::for_job(module.name(), &job, &output)?;
    state.artifact = Some(artifact);
    state.tree = job.tree.take();
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
    let tree = match (&answer, tree(&state)) {
        (_, Ok(tree)) => tree,
        (ModuleAnswer::Done, Err(error)) => {
            state.broken.get_or_insert(error);
            None
        }
        (_, Err(_)) => None,
    };
    Ok(RunEnd {
        answer,
        tree,
        broken: state.broken,
        omissions: state.omissions.into_list(),
        artifact: state.artifact,
    })
}

/// What the module has added to its tree. Fails if the tree has no end, or if there is an artifact beside it.
fn tree(state: &State) -> Result<Option<FileTreeTotals>> {
    let totals = match &state.tree {
        Some(tree) => tree.totals()?,
        None => None,
    };
    let written = state.artifact.as_ref().map_or(0, Writer::position);
    match totals.is_some() && written > 0 {
        true => Err(Error::run(
            "tree-begun",
            "the module has written an artifact beside its tree of files",
        )),
        false => Ok(totals),
    }
}
