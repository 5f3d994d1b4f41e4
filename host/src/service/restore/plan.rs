//! What the module needs for a restore, compared with what it may have.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Order;
use crate::artifact::Part;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::plan::{self, RestoreGrants, RestorePlan, normal};
use crate::sandbox::{Module, RestoreRequest};
use crate::service::{Request, Service};

/// What was decided before a restore.
pub(super) struct Planned {
    /// `strategy.config` as JSON.
    pub(super) config: String,
    pub(super) request: RestoreRequest,
    pub(super) plan: RestorePlan,
    pub(super) grants: RestoreGrants,
    /// The parts that the plan names; none: the whole backup.
    pub(super) parts: Vec<Part>,
}

impl Planned {
    /// The parts that are enough; none: the whole backup.
    pub(super) fn chosen(&self) -> &[Part] {
        match self.request.only.is_empty() {
            true => &[],
            false => &self.parts,
        }
    }
}

impl Service {
    pub(super) fn plan_restore(
        &self,
        module: &Module,
        manifest: &Manifest,
        order: &Order,
    ) -> Result<Planned> {
        let configured = &self.config().strategy.name;
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
        let config = self.checked(module)?;
        let request = RestoreRequest {
            format: manifest.artifact.format.clone(),
            size: manifest.artifact.raw_size,
            parts: manifest.parts.clone(),
            only: order.only.clone(),
            into: order.into.clone(),
            replace: order.replace,
        };
        let helpers = self.helpers(&Request::new(None));
        let plan = module
            .plan_restore(&config.to_string(), &request, &helpers)?
            .map_err(impossible)?;
        let allow = match self.config().modules.get(module.name()) {
            Some(spec) => spec.allow.clone(),
            None => plan::allow_builtin_restore(&config, &self.config().paths.workdir, &plan),
        };
        let directories = self.directories(module, &config, order);
        Ok(Planned {
            grants: plan.approve(module.name(), &allow, &directories)?,
            parts: parts(&plan, manifest)?,
            config: config.to_string(),
            request,
            plan,
        })
    }

    /// Where a restore may write: what the operator named for it, and for a strategy of this house
    /// also the directory that its configuration names.
    fn directories(&self, module: &Module, config: &Value, order: &Order) -> Vec<PathBuf> {
        let named = order.into.as_deref().map(Path::new);
        let workdir = &self.config().paths.workdir;
        let own = match config.get("base_dir").and_then(Value::as_str) {
            _ if self.config().modules.contains_key(module.name()) => None,
            Some(base) => Some(workdir.join(base)),
            None => Some(workdir.clone()),
        };
        named
            .into_iter()
            .chain(own.as_deref())
            .filter_map(normal)
            .collect()
    }
}

fn parts(plan: &RestorePlan, manifest: &Manifest) -> Result<Vec<Part>> {
    let find = |name: &String| {
        let part = manifest.parts.iter().find(|part| part.name == *name);
        part.cloned().ok_or_else(|| {
            Error::new(
                Kind::Config,
                "module-invalid",
                format!(
                    "the module's plan names the part {name:?}, which the backup does not have"
                ),
            )
        })
    };
    plan.parts.iter().map(find).collect()
}

/// All the module's reasons in one error.
fn impossible(reasons: Vec<Error>) -> Error {
    let mut reasons = reasons.into_iter();
    let Some(first) = reasons.next() else {
        return Error::run(
            "cannot-restore",
            "the module gives no reason why it cannot restore this",
        );
    };
    let mut message = first.message().to_owned();
    let mut hints: Vec<String> = first.hint_text().map(str::to_owned).into_iter().collect();
    for more in reasons {
        message.push_str("; ");
        message.push_str(more.message());
        hints.extend(more.hint_text().map(str::to_owned));
    }
    hints.dedup();
    let kind = match first.code().starts_with("no-such-") {
        true => Kind::NotFound,
        false => Kind::Config,
    };
    let error = Error::new(kind, first.code().to_owned(), message);
    match hints.is_empty() {
        true => error,
        false => error.hint(hints.join("; ")),
    }
}
