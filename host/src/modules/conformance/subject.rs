//! The module under test, and the configurations that it is tried with.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::attempt::{Attempt, AttemptOutcome, CommandBehaviour, DiskBehaviour};
use super::fixture::Fixture;
use super::permission::{Permission, Permitted, STAND_IN};
use crate::cancel::{Cancel, Deadline};
use crate::config::{self, Environment, StrategyConfig};
use crate::error::Error;
use crate::modules::error_text::one_line;
use crate::plan::{AccessRequest, AccessVerdict};
use crate::sandbox::{Description, Module};

/// A configuration to try the module with.
pub(super) struct TestCase {
    /// Its name in findings.
    pub title: String,
    /// As the module gets it.
    pub config: Value,
    /// What the module asks for with it.
    pub asks: AccessRequest,
}

/// A module that was loaded, and has described itself.
pub(super) struct Subject<'a> {
    /// The module.
    pub module: &'a Module,
    /// Where it runs.
    pub fixture: &'a Fixture,
    /// Its own description.
    pub description: Description,
    /// At least one.
    pub cases: Vec<TestCase>,
    /// What it may do for real.
    pub permission: &'a Permission,
    /// How long each of its runs may take.
    pub limit: Duration,
}

/// The result of a check; an error says why it failed.
pub(super) type CheckResult = Result<CheckOutcome, String>;

/// The result of a check that did not fail, in one sentence.
pub(super) enum CheckOutcome {
    /// What the module does well.
    Passed(String),
    /// What is worth knowing, and no mistake.
    Noted(String),
    /// Why there was nothing to try.
    Skipped(String),
}

impl TestCase {
    /// What a manifest would say of the artifact: modules that make several formats name it.
    pub(super) fn format(&self) -> &str {
        self.config["format"].as_str().unwrap_or("binary")
    }
}

impl Subject<'_> {
    /// One backup.
    pub(super) fn attempt(
        &self,
        case: &TestCase,
        commands: CommandBehaviour<'_>,
        disk: DiskBehaviour,
        cancel: Cancel,
    ) -> Result<AttemptOutcome, String> {
        let commands = match (commands, self.permitted(&case.asks)) {
            (CommandBehaviour::Real, Permitted::WithStandIns) => {
                CommandBehaviour::Replaced(STAND_IN)
            }
            (commands, _) => commands,
        };
        let attempt = Attempt {
            module: self.module,
            config: case.config.to_string(),
            asks: case.asks.clone(),
            commands,
            disk,
            cancel,
            limit: self.limit,
        };
        attempt.run(self.fixture).map_err(|error| one_line(&error))
    }

    /// What becomes of a plan.
    pub(super) fn permitted(&self, asks: &AccessRequest) -> Permitted {
        self.permission.of(asks, &self.fixture.own(asks))
    }

    /// What it asks for, and whether it may have it.
    pub(super) fn verdicts(&self, asks: &AccessRequest) -> Vec<AccessVerdict> {
        self.permission.verdicts(asks, &self.fixture.own(asks))
    }

    /// What a call that may look for a while is given.
    pub(super) fn deadline(&self, cancel: &Cancel) -> Result<Deadline, Error> {
        Deadline::start(Some(self.limit), cancel)
    }

    /// The first configuration with which commands run. `ran` has the lines that ran in each case.
    pub(super) fn case_with_commands(&self, ran: &[BTreeSet<String>]) -> Option<&TestCase> {
        let mut cases = self.cases.iter().zip(ran);
        cases.find(|(_, ran)| !ran.is_empty()).map(|(case, _)| case)
    }
}

/// Reads and checks a configuration as the host does an operator's.
pub(super) fn checked_config(
    text: &str,
    file: &Path,
    environment: &Environment,
    schema: &Value,
) -> Result<Value, String> {
    let read: Result<StrategyConfig, _> = config::strategy_config(file, text, environment);
    read.and_then(|config| config.check(schema))
        .map_err(|problems| problems.to_string())
}
