//! What the module needs for a restore, compared with what it may have.

use std::collections::{HashMap, HashSet};

use super::transfer::altered;
use crate::artifact::Part;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::plan::{RestoreGrants, RestorePlan};
use crate::sandbox::{Choices, Module, RestoreRequest, Selection};
use crate::service::context::Context;
use crate::service::restore_needs::{self, RestoreNeeds};
use crate::service::runs::request::Order;
use crate::service::strategy;

/// What was decided before a restore.
pub(super) struct PlannedRestore {
    /// `strategy.config` as JSON.
    pub(super) config: String,
    pub(super) request: RestoreRequest,
    pub(super) plan: RestorePlan,
    pub(super) grants: RestoreGrants,
    /// The parts that the plan names; none: the whole backup.
    pub(super) parts: Vec<Part>,
}

impl PlannedRestore {
    /// The parts that are enough; none: the whole backup.
    pub(super) fn chosen(&self) -> &[Part] {
        match self.request.only.is_empty() {
            true => &[],
            false => &self.parts,
        }
    }
}

/// Asks the module, and approves or refuses.
pub(super) fn plan(
    context: &Context,
    module: &Module,
    manifest: &Manifest,
    order: &Order,
    choices: Choices,
) -> Result<PlannedRestore> {
    let config = context.config();
    let configured = &config.strategy.name;
    if manifest.strategy.name != *configured {
        return Err(Error::new(
            Kind::Config,
            "other-strategy",
            format!(
                "the backup was made by {}, and the configured strategy is {configured}",
                manifest.strategy.name
            ),
        )
        .hint("restore it with the configuration that it was made with (--config)"));
    }
    let request = RestoreRequest {
        only: meant(&order.only, manifest),
        into: order.into.clone(),
        replace: order.replace,
        choices,
        ..all_of(manifest)
    };
    let needs = restore_needs::ask(context, module, &request)?.map_err(impossible)?;
    strategy::require_restore_accepted(context, module, &needs.access())?;
    let RestoreNeeds {
        config: strategy_config,
        plan,
        allow,
        directories,
    } = needs;
    Ok(PlannedRestore {
        grants: plan.approve(module.name(), &allow, &directories)?,
        parts: parts(&plan, manifest)?,
        config: strategy_config.to_string(),
        request,
        plan,
    })
}

/// Whether the module would restore these of a backup, to where they came from.
pub(super) fn takes(
    context: &Context,
    module: &Module,
    manifest: &Manifest,
    only: Vec<Selection>,
) -> Result<bool> {
    let request = RestoreRequest {
        only,
        ..all_of(manifest)
    };
    Ok(restore_needs::ask(context, module, &request)?.is_ok())
}

/// All of a backup, to where it came from.
fn all_of(manifest: &Manifest) -> RestoreRequest {
    RestoreRequest {
        format: manifest.artifact.format.clone(),
        size: manifest.artifact.raw_size,
        parts: manifest.parts.clone(),
        only: Vec::new(),
        into: None,
        replace: false,
        choices: Choices::default(),
    }
}

/// The selections as they are meant: `NAME=NEW` is a name if a part is called that.
fn meant(only: &[Selection], manifest: &Manifest) -> Vec<Selection> {
    let meant = |selection: &Selection| {
        let new_name = selection
            .new_name
            .as_ref()
            .filter(|_| selection.written_as_one)?;
        let name = format!("{}={new_name}", selection.name);
        let is_part = manifest.parts.iter().any(|part| part.name == name);
        is_part.then_some(Selection {
            name,
            new_name: None,
            written_as_one: false,
        })
    };
    only.iter()
        .map(|selection| meant(selection).unwrap_or_else(|| selection.clone()))
        .collect()
}

/// The parts that the plan names, each once.
fn parts(plan: &RestorePlan, manifest: &Manifest) -> Result<Vec<Part>> {
    let named = manifest.parts.iter().map(|part| (&part.name, part));
    let known: HashMap<_, _> = named.collect();
    let find = |name: &String| {
        let part = known.get(name).map(|part| Part::clone(part));
        let part = part.ok_or_else(|| {
            Error::new(
                Kind::Config,
                "module-invalid",
                format!(
                    "the module's plan names the part {name:?}, which the backup does not have"
                ),
            )
        })?;
        let end = part.offset.checked_add(part.length);
        match end.is_some_and(|end| end <= manifest.artifact.raw_size) {
            true => Ok(part),
            false => Err(altered(&format!("the part {name:?} is not in the backup"))),
        }
    };
    let mut seen = HashSet::new();
    let each = plan.parts.iter().filter(|name| seen.insert(*name));
    each.map(find).collect()
}

/// All the module's reasons in one error.
pub(in crate::service) fn impossible(reasons: Vec<Error>) -> Error {
    let Some(all) = Error::joined(&reasons) else {
        return Error::run(
            "cannot-restore",
            "the module gives no reason why it cannot restore this",
        );
    };
    let kind = match RestoreRefusal::of(&all) {
        RestoreRefusal::NotInBackup => Kind::NotFound,
        RestoreRefusal::Impossible => Kind::Config,
    };
    all.of_kind(kind)
}

/// Why a module refuses. Its interface has codes only, and any are allowed: here they get a meaning.
enum RestoreRefusal {
    /// The backup has nothing of the name that was chosen.
    NotInBackup,
    /// It cannot be done like that.
    Impossible,
}

impl RestoreRefusal {
    fn of(reason: &Error) -> Self {
        match reason.code().starts_with("no-such-") {
            true => Self::NotInBackup,
            false => Self::Impossible,
        }
    }
}
