//! What a module asks for with a configuration, and whether that can be granted.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::fixture::Fixture;
use crate::error::Error;
use crate::modules::error_text::{invalid_config, one_line};
use crate::plan::{self, AccessRequest};
use crate::sandbox::Module;

/// Why a module returns no plan.
pub(super) enum PlanFailure {
    /// It refuses the configuration, for these reasons.
    Refused(Vec<Error>),
    /// It trapped, or took too long.
    Broke(Error),
}

impl PlanFailure {
    /// In one line.
    pub(super) fn message(self) -> String {
        match self {
            Self::Refused(failures) => one_line(&invalid_config(&failures)),
            Self::Broke(error) => one_line(&error),
        }
    }
}

/// What the module asks for with this configuration.
pub(super) fn ask(
    module: &Module,
    fixture: &Fixture,
    config: &Value,
) -> Result<AccessRequest, PlanFailure> {
    module
        .plan(&config.to_string(), &fixture.helpers(module.name()))
        .map_err(PlanFailure::Broke)?
        .map_err(PlanFailure::Refused)
}

/// The first thing in a plan that cannot be granted.
pub(super) fn ungrantable(asks: &AccessRequest) -> Option<String> {
    let mut seen = BTreeSet::new();
    asks.lines().into_iter().find_map(|(access, asked)| {
        let wrong = match access {
            "commands" if asked.trim().is_empty() => "for a blank command line".to_owned(),
            "argv" if asked.starts_with("[\"\"") => "for a program without a name".to_owned(),
            "read" if plan::normal(Path::new(&asked)).is_none() => {
                format!("to read {asked:?}, which is not an absolute path without `..`")
            }
            "net" if !is_address(&asked) => {
                format!("for the address {asked:?}, which is not host:port")
            }
            "env" if asked.is_empty() || asked.contains(['=', '\0']) => {
                format!("for the variable {asked:?}, which cannot be a name")
            }
            _ if !seen.insert((access, asked.clone())) => format!("twice for {access} {asked}"),
            _ => return None,
        };
        Some(format!("its plan asks {wrong}"))
    })
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
