//! The conformance kit: what every module must do, in whatever language it is written.
//!
//! It plays the operator of a small sidecar. The module runs in the host's own sandbox and writes
//! into the host's own pipeline; only the commands, the disk and the caller are made to misbehave.

mod bench;
mod manners;
mod mutants;
mod trials;
mod way_back;

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::specimen::Specimen;
use crate::config::{self, Alone, Environment};
use crate::error::Result;
use crate::plan::Request;
use crate::sandbox::{Description, Module};

use bench::Bench;

/// What the kit found.
#[derive(Debug, Serialize)]
pub struct Conformance {
    /// The name that the module goes by.
    pub module: String,
    /// Lower-case hex.
    pub sha256: String,
    /// In the order in which they were tried.
    pub findings: Vec<Finding>,
}

/// How one check went.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// A stable kebab-case word.
    pub check: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// One sentence.
    pub about: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should.
    Passed,
    /// The module must be corrected.
    Failed,
    /// There was nothing to try, or it makes no sense after what failed before.
    Skipped,
    /// Worth knowing, and no mistake.
    Note,
}

impl Conformance {
    /// Whether the module may be shipped.
    pub fn passed(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.verdict == Verdict::Failed)
    }
}

/// A configuration to try the module with.
struct Case {
    /// What to call it in a finding.
    title: String,

    /// As the module gets it.
    config: Value,
    /// What it asks for with that.
    asks: Request,
}

impl Case {
    /// What a manifest would say of the artifact: modules that make several formats name it.
    fn format(&self) -> &str {
        self.config["format"].as_str().unwrap_or("binary")
    }
}

/// What the module is known to be, once it has introduced itself.
struct Subject<'a> {
    module: &'a Module,
    bench: &'a Bench,
    said: Description,
    cases: Vec<Case>,
}

/// One check: nothing to say against it, or why it failed.
type Check = Result<Told, String>;

/// A check that only asks what the module would do.
type Thought = fn(&Subject<'_>) -> Check;

/// What a check has to tell when it did not fail.
enum Told {
    Passed(String),
    Skipped(String),
}

impl Specimen {
    /// Puts the module through every check. Without `with`, it is tried with the examples that its
    /// schema brings. `hear` is told each finding at once.
    pub fn conformance(
        &self,
        with: Option<(&Path, &str)>,
        mut hear: impl FnMut(&Finding),
    ) -> Result<Conformance> {
        let bench = Bench::new()?;
        let mut findings = Vec::new();
        let mut note = |finding: Finding| {
            hear(&finding);
            findings.push(finding);
        };
        self.examine(&bench, with, &mut note);
        Ok(Conformance {
            module: self.name().to_owned(),
            sha256: self.source.digest().to_string(),
            findings,
        })
    }

    /// Stops where a failure leaves nothing to try.
    fn examine(
        &self,
        bench: &Bench,
        with: Option<(&Path, &str)>,
        note: &mut impl FnMut(Finding),
    ) -> Option<()> {
        let module = keep(note, "component", manners::component(self))?;
        let said = keep(note, "description", manners::description(&module))?;
        keep(note, "schema", manners::schema(&said))?;
        let cases = keep(
            note,
            "examples",
            manners::cases(&module, bench, &said, with),
        )?;
        let subject = Subject {
            module: &module,
            bench,
            said,
            cases,
        };
        let thinking: [(&'static str, Thought); 2] =
            [("plan", manners::plan), ("refusals", mutants::refusals)];
        for (check, judge) in thinking {
            tell(note, check, judge(&subject));
        }
        let ran = keep(note, "backup", trials::backup(&subject))?;
        for words in trials::unused(&subject, &ran) {
            note(Finding {
                check: "plan",
                verdict: Verdict::Note,
                about: words,
            });
        }
        let misfortunes: [(&'static str, trials::Trial); 5] = [
            ("failing-command", trials::failing_command),
            ("huge-stdout", trials::huge_stdout),
            ("slow-sink", trials::slow_sink),
            ("full-disk", trials::full_disk),
            ("cancel", trials::cancel),
        ];
        for (check, trial) in misfortunes {
            tell(note, check, trial(&subject, &ran));
        }
        tell(note, "restore", way_back::restore(&subject));
        Some(())
    }
}

fn tell(note: &mut impl FnMut(Finding), check: &'static str, went: Check) {
    let (verdict, about) = match went {
        Ok(Told::Passed(about)) => (Verdict::Passed, about),
        Ok(Told::Skipped(about)) => (Verdict::Skipped, about),
        Err(about) => (Verdict::Failed, about),
    };
    note(Finding {
        check,
        verdict,
        about,
    });
}

/// The same for a check that brings what the next ones need.
fn keep<T>(
    note: &mut impl FnMut(Finding),
    check: &'static str,
    went: Result<(T, String), String>,
) -> Option<T> {
    let (value, told) = match went {
        Ok((value, about)) => (Some(value), Ok(Told::Passed(about))),
        Err(about) => (None, Err(about)),
    };
    tell(note, check, told);
    value
}

/// A configuration as an operator would have written it, checked as his would be.
fn check(
    text: &str,
    file: &Path,
    environment: &Environment,
    schema: &Value,
) -> Result<Value, String> {
    let read: Result<Alone, _> = config::strategy_config(file, text, environment);
    read.and_then(|alone| alone.check(schema))
        .map_err(|problems| problems.to_string())
}
