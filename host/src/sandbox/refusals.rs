//! Asks a module what a restore would refuse, before anything is changed.

use super::bindings::refusal_finder::RefusalFinder as Bindings;
use super::bindings::refusal_finder::exports::sidecar::strategy::refusals as exported;
use super::bounds;
use super::module::Module;
use super::module_request::module_request;
use super::restore::RestoreJob;
use super::state::{Restoring, State, TargetDirectory, TargetView};
use crate::error::{Error, Result};

/// The export that makes a module one that can be asked.
const EXPORT: &str = "sidecar:strategy/refusals@0.1.0";

impl Module {
    /// Whether it can be asked what a restore would refuse.
    pub fn finds_refusals(&self) -> bool {
        self.component().get_export_index(None, EXPORT).is_some()
    }

    /// Why this restore would be refused, on this thread and with the grants of the restore. Where a module cannot be
    /// asked, the host looks whether its directory can be written to.
    pub fn find_refusals(&self, restore: RestoreJob) -> Result<Vec<Error>> {
        let view = restore.tree().map(TargetView::open).transpose();
        let RestoreJob {
            job,
            request,
            source,
            ..
        } = restore;
        let restoring = match view {
            Err(refusal) => return Ok(vec![refusal]),
            Ok(view) => Restoring {
                source,
                target: view.map(TargetDirectory::View),
            },
        };
        let asked = module_request!(exported, &request, &job.config);
        let prepare = |state: &mut State| {
            state.restoring = Some(restoring);
            state.written_as_one = request.written_as_one();
            state.choices = request.choices.clone();
        };
        self.ask_without_changes(EXPORT, job, prepare, async |store, _| {
            let instance =
                Bindings::instantiate_async(&mut *store, self.component(), self.linker()).await?;
            let refusals = instance.sidecar_strategy_refusals();
            let found = refusals.call_find_refusals(store, &asked).await?;
            Ok(bounds::failures(&found))
        })
    }
}
