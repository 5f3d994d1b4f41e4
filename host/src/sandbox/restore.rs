//! The way back: what a module needs to restore a backup, and the restore itself.

use std::path::PathBuf;

use super::imports::Tree;
use super::module::Module;
use super::restorer::Restorer as Bindings;
use super::restorer::exports::sidecar::strategy::restore::{self as exported, Plan};
use super::run::{self, Job, State};
use super::stream::Words;
use crate::artifact::{Fetched, Part};
use crate::error::{Error, Kind, Result};
use crate::plan::RestorePlan;

/// The export that makes a module one that restores.
const EXPORT: &str = "sidecar:strategy/restore@0.1.0";

/// A part, or whatever the strategy's names are, and what it shall be called at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// As it is called in the backup.
    pub name: String,
    /// As it shall be called from now on; left out: the same.
    pub new_name: Option<String>,
}

/// Which backup, and how it is to be restored.
#[derive(Debug, Clone)]
pub struct RestoreRequest {
    /// The artifact's format, from its manifest.
    pub format: String,
    /// Bytes of the whole backup before compression and encryption.
    pub size: u64,
    /// Its named ranges.
    pub parts: Vec<Part>,
    /// None: everything.
    pub only: Vec<Selection>,
    /// Another place than the configuration's own.
    pub into: Option<String>,
    /// Whether what is there may be overwritten.
    pub replace: bool,
}

/// All that a restore needs, decided before it starts.
pub struct RestoreJob {
    /// What every call of a module needs.
    pub job: Job,
    /// What is to be done.
    pub request: RestoreRequest,
    /// What the plan names of the backup.
    pub source: Fetched,
    /// Where files are restored into, if the plan names a directory.
    pub directory: Option<PathBuf>,
}

/// How it went for one part, or one selection.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// "3 tables", "restored as app1_copy".
    pub note: String,
    /// Why it was not restored.
    pub error: Option<Error>,
}

/// What became of a restore.
#[derive(Debug)]
pub struct Restored {
    /// In the module's order.
    pub outcomes: Vec<Outcome>,
    /// What went wrong, whatever the module makes of it.
    pub broken: Option<Error>,
}

/// What the host keeps for a module that restores.
pub(super) struct Restoring {
    pub(super) source: Fetched,
    pub(super) target: Option<Tree>,
}

impl Module {
    /// Whether it knows the way back.
    pub fn can_restore(&self) -> bool {
        self.component().get_export_index(None, EXPORT).is_some()
    }

    /// Asks what restoring a backup would need. The module's own reasons against it come as they are.
    pub fn plan_restore(
        &self,
        config: &str,
        request: &RestoreRequest,
        helpers: &[(String, String)],
    ) -> Result<Result<RestorePlan, Vec<Error>>> {
        if !self.can_restore() {
            return Err(cannot_restore(self.name()));
        }
        let request = request.for_module(config);
        let said = self.ask(helpers, async |store| {
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let restore = instance.sidecar_strategy_restore();
            Ok(restore.call_plan_restore(store, &request).await)
        })?;
        Ok(said
            .map(RestorePlan::from)
            .map_err(|failures| failures.into_iter().map(Error::from).collect()))
    }

    /// Restores on this thread.
    pub fn restore(&self, restore: RestoreJob) -> Result<Restored> {
        let RestoreJob {
            job,
            request,
            source,
            directory,
        } = restore;
        let words = Words::new(self.name());
        let mut state = State::for_job(self, &job, &words)?;
        let target = directory.map(|path| Tree::open(path, request.replace));
        state.restoring = Some(Restoring {
            source,
            target: target.transpose()?,
        });
        let request = request.for_module(&job.config);
        let (answer, state) = run::call(self, state, async |store| {
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let restore = instance.sidecar_strategy_restore();
            restore.call_restore(store, &job.id, &request).await
        })?;
        let outcomes = answer
            .map_err(|trap| run::explain(&trap, self.name(), &state.memory, &words))?
            .map_err(Error::from)?;
        let finished = match state.restoring.and_then(|restoring| restoring.target) {
            Some(tree) => tree.finish(),
            None => Ok(()),
        };
        Ok(Restored {
            outcomes: outcomes.into_iter().map(Outcome::from).collect(),
            broken: state.broken.or(finished.err()),
        })
    }
}

impl RestoreRequest {
    fn for_module(&self, config: &str) -> exported::Request {
        let parts = self.parts.iter().map(|part| exported::Part {
            name: part.name.clone(),
            offset: part.offset,
            length: part.length,
        });
        let only = self.only.iter().map(|selection| exported::Selection {
            name: selection.name.clone(),
            new_name: selection.new_name.clone(),
        });
        exported::Request {
            config: config.to_owned(),
            format: self.format.clone(),
            size: self.size,
            parts: parts.collect(),
            only: only.collect(),
            into: self.into.clone(),
            replace: self.replace,
        }
    }
}

impl From<Plan> for RestorePlan {
    fn from(plan: Plan) -> Self {
        Self {
            commands: plan.commands,
            shell: plan.shell,
            env: plan.env,
            read: plan.read,
            net: plan.net,
            parts: plan.parts,
            directory: plan.directory,
            steps: plan.steps,
        }
    }
}

impl From<exported::Outcome> for Outcome {
    fn from(outcome: exported::Outcome) -> Self {
        Self {
            name: outcome.name,
            note: outcome.note,
            error: outcome.failure.map(Error::from),
        }
    }
}

fn cannot_restore(name: &str) -> Error {
    Error::new(
        Kind::Config,
        "cannot-restore",
        format!("this strategy cannot restore: the module {name} does not know the way back"),
    )
    .hint("`sidecar fetch latest -o FILE` brings the artifact back; restore it with your own tools")
}
