//! What each strategy's module is, what it asks for, and what it may have.

use schemars::JsonSchema;
use serde::Serialize;

use super::check::check;
use super::context::Context;
use crate::error::{Error, Result};
use crate::history::RunFailure;
use crate::modules::{self, Inspection};
use crate::plan::AccessVerdict;

/// The modules of a configuration, and the strategies that use them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Modules")]
pub struct ModuleAccess {
    /// Those that `strategy.type` may name.
    pub modules: Vec<ListedModule>,
    /// Each strategy with what its module asks for, compared with what it may have.
    pub strategies: Vec<StrategyAccess>,
}

/// A module that can be used.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Module")]
pub struct ListedModule {
    /// What the configuration calls it.
    pub name: String,
    /// Its file or its reference; left out of built-in strategies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// As the module says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// As the module says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunFailure>,
}

/// A strategy, and what its module may do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StrategyAccess {
    /// What it is called among several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The module's name.
    pub strategy: String,
    /// What a backup asks for.
    pub grants: Vec<AccessVerdict>,
    /// What a restore asks for.
    pub restore_grants: Vec<AccessVerdict>,
    /// How far the kernel confines its commands; left out of built-in strategies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confinement: Option<String>,
    /// What `sidecar check` says is wrong.
    pub errors: Vec<RunFailure>,
}

/// Every module that `strategy.type` may name, and what it tells.
pub(super) fn inspect_all(context: &Context) -> Vec<(String, Result<Inspection>)> {
    modules::inspect_all(&context.config, &context.engine, context.cache.as_deref())
}

impl ModuleAccess {
    /// Of the strategy, or of each of several.
    pub(super) fn of(context: &Context) -> Self {
        let modules = inspect_all(context).into_iter();
        let strategies = context.all().filter(|one| one.set().is_none());
        Self {
            modules: modules
                .map(|(name, looked)| ListedModule::of(name, looked))
                .collect(),
            strategies: strategies.map(StrategyAccess::of).collect(),
        }
    }
}

impl ModuleAccess {
    /// The same for those who may not see the configuration: no command line, and no error, which may quote one.
    #[must_use]
    pub fn without_lines(self) -> Self {
        let hidden = |all: Vec<AccessVerdict>| {
            let all = all.into_iter().map(AccessVerdict::without_line);
            all.collect()
        };
        let strategies = self.strategies.into_iter().map(|one| StrategyAccess {
            grants: hidden(one.grants),
            restore_grants: hidden(one.restore_grants),
            errors: one.errors.into_iter().map(unsaid).collect(),
            ..one
        });
        Self {
            strategies: strategies.collect(),
            ..self
        }
    }
}

fn unsaid(error: RunFailure) -> RunFailure {
    RunFailure {
        message: "the configuration has to be changed".to_owned(),
        hint: Some(
            "a token of the scope admin sees what is wrong; so does `sidecar check`".to_owned(),
        ),
        ..error
    }
}

impl ListedModule {
    fn of(name: String, looked: Result<Inspection>) -> Self {
        let (inspection, error) = match looked {
            Ok(inspection) => (Some(inspection), None),
            Err(error) => (None, Some(error)),
        };
        let own = inspection
            .as_ref()
            .and_then(|inspection| inspection.error.as_ref());
        let error = own.or(error.as_ref()).map(RunFailure::from);
        let described = inspection.as_ref().and_then(|one| one.description.as_ref());
        Self {
            name,
            file: inspection.as_ref().and_then(|one| one.place.clone()),
            sha256: inspection.as_ref().map(|one| one.sha256.clone()),
            version: described.map(|module| module.version.clone()),
            summary: described.map(|module| module.summary.clone()),
            error,
        }
    }
}

impl StrategyAccess {
    fn of(context: &Context) -> Self {
        let report = check(context);
        let failure = |error: &std::sync::Arc<Error>| RunFailure::from(&**error);
        Self {
            name: context.config().member.clone(),
            strategy: report.strategy,
            grants: report.grants,
            restore_grants: report.restore_grants,
            confinement: report.confinement,
            errors: report.errors.iter().map(failure).collect(),
        }
    }
}
