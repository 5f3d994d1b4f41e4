//! The way back: what a module needs to restore a backup, and the restore itself.

use std::fmt;
use std::path::PathBuf;

use super::bindings::restorer::Restorer as Bindings;
use super::bindings::restorer::exports::sidecar::strategy::restore::{self as exported, Plan};
use super::bounds;
use super::call;
use super::choices::Choices;
use super::job::SandboxJob;
use super::module::Module;
use super::module_request::module_request;
use super::output::ModuleOutput;
use super::restored_part::RestoredPart;
use super::state::{LostOwners, Restoring, State, TargetDirectory, Tree, TreeRequest, rolled_back};
use crate::artifact::{Fetched, Part};
use crate::cancel::Cancel;
use crate::error::{Error, Kind, Result};
use crate::plan::{RestorePlan, split_commands};

/// The export that makes a module one that restores.
const EXPORT: &str = "sidecar:strategy/restore@0.1.0";

/// A part, or whatever the strategy's names are, and what it shall be called at the target.
#[derive(Clone, PartialEq, Eq)]
pub struct Selection {
    /// As it is called in the backup.
    pub name: String,
    /// As it shall be called from now on; left out: the same.
    pub new_name: Option<String>,
    /// Whether it was written as one text, `NAME=NEW`, all of which may be a name.
    pub written_as_one: bool,
}

/// Journals hold this text's digest: how it was written is no part of it.
impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Selection");
        shown.field("name", &self.name);
        shown.field("new_name", &self.new_name).finish()
    }
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
    /// What else the operator decided.
    pub choices: Choices,
}

/// All that a restore needs, decided before it starts.
pub struct RestoreJob {
    /// What every call of a module needs.
    pub job: SandboxJob,
    /// What is to be done.
    pub request: RestoreRequest,
    /// What the plan names of the backup.
    pub source: Fetched,
    /// Where files are restored into, if the plan names a directory.
    pub directory: Option<PathBuf>,
    /// The folder of journals of restores into directories.
    pub journals: PathBuf,
}

impl RestoreJob {
    /// How its directory is to be filled.
    pub(super) fn tree(&self) -> Option<TreeRequest<'_>> {
        let request = &self.request;
        Some(TreeRequest {
            path: self.directory.clone()?,
            replace: request.replace,
            whole: request.only.is_empty(),
            id: &request.choices.id,
            journals: &self.journals,
            accepted: &request.choices.accepted,
        })
    }
}

/// What became of a restore.
#[derive(Debug)]
pub struct Restored {
    /// In the module's order.
    pub outcomes: Vec<RestoredPart>,
    /// What went wrong, whatever the module makes of it.
    pub broken: Option<Error>,
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
        let choices = request.choices.clone();
        let request = module_request!(exported, &request, config);
        let answer = self.ask(helpers, async |store| {
            store.data_mut().choices = choices;
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let restore = instance.sidecar_strategy_restore();
            Ok(restore.call_plan_restore(store, &request).await)
        })?;
        match answer {
            Ok(plan) => Ok(Ok(bounds::restore_plan(self.name(), plan)?.into())),
            Err(failures) => Ok(Err(bounds::failures(&failures))),
        }
    }

    /// Restores on this thread.
    pub fn restore(&self, restore: RestoreJob) -> Result<Restored> {
        let output = ModuleOutput::new(self.name());
        let mut state = State::for_job(self.name(), &restore.job, &output)?;
        let tree = restore.tree().map(Tree::open).transpose()?;
        let RestoreJob {
            job,
            request,
            source,
            ..
        } = restore;
        state.restoring = Some(Restoring {
            source,
            target: tree.map(|tree| TargetDirectory::Tree(Box::new(tree))),
        });
        state.choices = request.choices.clone();
        state.written_as_one = request.written_as_one();
        let (replaces, cancel) = (request.replace, job.cancel.clone());
        let request = module_request!(exported, &request, &job.config);
        let (answer, state) = call::call(self.engine(), state, async |store| {
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let restore = instance.sidecar_strategy_restore();
            restore.call_restore(store, &job.id, &request).await
        })?;
        let outcomes = answer
            .map_err(|trap| call::explain(&trap, self.name(), &state.memory, &output))?
            .map_err(Error::from)?;
        let mut restored = Restored {
            outcomes: bounds::outcomes(outcomes),
            broken: state.broken,
        };
        let target = state.restoring.and_then(|restoring| restoring.target);
        if let Some(TargetDirectory::Tree(tree)) = target {
            restored.finish(*tree, replaces, &cancel);
        }
        Ok(restored)
    }
}

impl Restored {
    /// Ends the restore into a directory: what replaces is all or nothing.
    fn finish(&mut self, tree: Tree, replaces: bool, cancel: &Cancel) {
        let mut failures = self
            .outcomes
            .iter()
            .filter_map(|outcome| outcome.error.as_ref());
        let failure = self.broken.as_ref().or_else(|| failures.next());
        if let Some(failure) = failure.filter(|_| replaces) {
            let (code, message) = (failure.code().to_owned(), failure.message().to_owned());
            drop(tree);
            self.undone(&code, &message);
            return;
        }
        if failure.is_none() && tree.is_untouched() {
            self.broken = Some(nothing_made());
            return;
        }
        match tree.finish(cancel) {
            Ok(owners) => self.tell(&owners),
            Err(error) if replaces => {
                let (code, message) = (error.code().to_owned(), error.message().to_owned());
                self.broken.get_or_insert(error);
                self.undone(&code, &message);
            }
            Err(error) => drop(self.broken.get_or_insert(error)),
        }
    }

    /// What had been restored is not there either.
    fn undone(&mut self, code: &str, message: &str) {
        for outcome in &mut self.outcomes {
            let error = outcome.error.take().unwrap_or_else(|| {
                Error::run(
                    code.to_owned(),
                    format!("nothing was replaced, because {message}"),
                )
            });
            outcome.error = Some(rolled_back(error));
        }
    }

    fn tell(&mut self, owners: &LostOwners) {
        let Some(told) = owners.told() else {
            return;
        };
        tracing::warn!("{told}");
        let mut outcomes = self.outcomes.iter_mut();
        if let Some(outcome) = outcomes.find(|outcome| outcome.error.is_none()) {
            outcome.note = match outcome.note.is_empty() {
                true => told,
                false => format!("{}; {told}", outcome.note),
            };
        }
    }
}

impl RestoreRequest {
    /// The selections, by number, that were written as one text.
    pub(super) fn written_as_one(&self) -> Vec<usize> {
        let only = self.only.iter().enumerate();
        let as_one = only.filter(|(_, selection)| selection.written_as_one);
        as_one.map(|(at, _)| at).collect()
    }
}

impl From<Plan> for RestorePlan {
    fn from(plan: Plan) -> Self {
        let (commands, argv) = split_commands(plan.commands);
        Self {
            commands,
            argv,
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

fn nothing_made() -> Error {
    Error::run(
        "nothing-restored",
        "the strategy made nothing in the directory that it restores into",
    )
    .hint("nothing in the backup fits what was chosen: look at --only")
}

fn cannot_restore(name: &str) -> Error {
    Error::new(
        Kind::Config,
        "cannot-restore",
        format!("this strategy cannot restore: the module {name} does not know the way back"),
    )
    .hint("`sidecar fetch latest -o FILE` brings the artifact back; restore it with your own tools")
}
