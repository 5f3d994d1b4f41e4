//! What would go wrong tonight, found this afternoon.

use std::sync::Arc;

use serde::Serialize;

use super::{Request, Service, prepare};
use crate::command::Shell;
use crate::error::{Error, Result};
use crate::plan::Verdict;
use crate::retention;
use crate::sandbox::Description;
use crate::store::{Patience, Probe, Store};

/// What a check found. Errors are in the order of a run: later ones may follow from earlier ones.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The configuration's file.
    pub configuration: std::path::PathBuf,
    /// The strategy's canonical name.
    pub strategy: String,
    /// The module's SHA-256, lower-case hex.
    pub module_sha256: Option<String>,
    /// Who the module says it is.
    pub module: Option<Description>,
    /// What it asks for, and whether it may have it.
    pub grants: Vec<Verdict>,
    /// The shell that runs its commands.
    pub shell: Option<String>,
    /// The stores that can do what a backup needs.
    pub stores: Vec<String>,
    /// Those among them where several sidecars cannot take turns.
    pub without_turns: Vec<String>,
    /// How many files the retention leads to in each store, with one good backup a day.
    pub files: Option<String>,
    /// What is wrong.
    #[serde(skip)]
    pub errors: Vec<Arc<Error>>,
}

impl Service {
    /// Looks at everything that a run needs, and changes nothing but missing folders.
    pub fn check(&self) -> Report {
        let mut report = Report {
            configuration: self.config().file.clone(),
            strategy: self.config().strategy.name.clone(),
            module_sha256: None,
            module: None,
            grants: Vec::new(),
            shell: None,
            stores: Vec::new(),
            without_turns: Vec::new(),
            files: self.files(),
            errors: Vec::new(),
        };
        let modules = self.check_module(&mut report);
        report.note(modules);
        report.note(prepare::folders(&self.config().paths).map(drop));
        report
    }

    /// Writes, lists, reads and deletes a small object in each store, and says so in the report.
    pub fn check_stores(&self, report: &mut Report) -> Result<()> {
        for spec in &self.config().stores {
            let probed = self.runtime()?.block_on(async {
                let store = Store::open(spec, Patience::CHECK)?;
                Ok::<_, Error>(store.probe().await)
            });
            let probe = probed.unwrap_or_else(|error| Probe {
                problems: vec![error],
                takes_turns: false,
            });
            if probe.problems.is_empty() {
                report.stores.push(spec.name.clone());
                if !probe.takes_turns {
                    report.without_turns.push(spec.name.clone());
                }
            }
            report
                .errors
                .extend(probe.problems.into_iter().map(Arc::new));
        }
        Ok(())
    }

    fn files(&self) -> Option<String> {
        let policy = &self.config().retention;
        let kept = !self.config().stores.is_empty() && !policy.is_empty();
        kept.then(|| retention::count(policy).to_string())
    }

    fn check_module(&self, report: &mut Report) -> Result<()> {
        let module = self.module()?;
        report.module_sha256 = Some(module.digest().to_string());
        let description = module.describe()?;
        let config = self.config().check_strategy(&description.config_schema)?;
        report.module = Some(description);
        let request = self.ask(&module, &config, &Request::new(None))?;
        let allowed = self.allowed(&config, &request);
        report.grants = request.verdicts(&allowed);
        report.note(self.accepted(&module, Some(&request)));
        if !request.commands.is_empty() {
            let shell = Shell::find(request.shell.as_deref());
            report.shell = shell
                .as_ref()
                .ok()
                .map(|shell| shell.path().display().to_string());
            report.note(shell.map(drop));
        }
        request.approve(module.name(), &allowed).map(drop)
    }
}

impl Report {
    fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.errors.push(Arc::new(error));
        }
    }
}
