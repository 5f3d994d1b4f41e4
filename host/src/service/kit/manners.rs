//! What a module must be able to say before it may do anything.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::bench::Bench;
use super::{Case, Check, Subject, Told, check};
use crate::error::Error;
use crate::plan::{self, Request};
use crate::sandbox::{Description, Module};
use crate::service::specimen::{Specimen, objections};

/// Interfaces that a host has.
const OFFERED: [&str; 2] = ["wasi:", "sidecar:strategy/"];
/// More than anybody reads in a list.
const LONGEST_SUMMARY: usize = 200;

/// The file is a component that this host can run.
pub(super) fn component(specimen: &Specimen) -> Result<(Module, String), String> {
    let anatomy = specimen.source.anatomy().map_err(|error| words(&error))?;
    anatomy
        .check(specimen.name())
        .map_err(|error| words(&error))?;
    let foreign = |import: &&String| !OFFERED.iter().any(|known| import.starts_with(known));
    if let Some(import) = anatomy.imports.iter().find(foreign) {
        return Err(format!("it imports {import}, which no host offers"));
    }
    let module = specimen.load().map_err(|error| words(&error))?;
    let version = anatomy
        .built_for
        .map_or_else(String::new, |version| version.to_string());
    Ok((
        module,
        format!("it is a component for sidecar:strategy {version}"),
    ))
}

/// It says who it is, and always the same.
pub(super) fn description(module: &Module) -> Result<(Description, String), String> {
    let said = module.describe().map_err(|error| words(&error))?;
    let again = module.describe().map_err(|error| words(&error))?;
    if said != again {
        return Err("describe does not always say the same".to_owned());
    }
    for (what, text) in [
        ("name", &said.name),
        ("version", &said.version),
        ("summary", &said.summary),
    ] {
        if text.trim().is_empty() {
            return Err(format!("describe gives no {what}"));
        }
        if text.chars().any(char::is_control) || text.len() > LONGEST_SUMMARY {
            return Err(format!(
                "describe gives a {what} that is not one short line"
            ));
        }
    }
    let about = format!("it is {} {}: {}", said.name, said.version, said.summary);
    Ok((said, about))
}

/// Its schema can be used for a check, and tells the operator about each key.
pub(super) fn schema(said: &Description) -> Result<((), String), String> {
    let schema = &said.config_schema;
    if schema["type"] != "object" {
        return Err("the configuration schema does not say `\"type\": \"object\"`".to_owned());
    }
    // What it thinks of an empty configuration does not matter: it only has to be able to say.
    crate::config::usable_schema(schema)
        .map_err(|why| format!("the configuration schema cannot be used: {why}"))?;
    let properties = schema["properties"].as_object().into_iter().flatten();
    let silent: Vec<&str> = properties
        .filter(|(_, rule)| {
            rule["description"]
                .as_str()
                .is_none_or(|text| text.trim().is_empty())
        })
        .map(|(key, _)| key.as_str())
        .collect();
    match silent.as_slice() {
        [] => Ok((
            (),
            "its configuration schema is valid, and describes every key".to_owned(),
        )),
        keys => Err(format!(
            "the configuration schema has no description of {}",
            keys.join(", ")
        )),
    }
}

/// The configurations to try it with: the one that was given, or its own examples.
pub(super) fn cases(
    module: &Module,
    bench: &Bench,
    said: &Description,
    with: Option<(&Path, &str)>,
) -> Result<(Vec<Case>, String), String> {
    let schema = &said.config_schema;
    let environment = bench.environment();
    let texts: Vec<(String, String)> = match with {
        Some((file, text)) => vec![(file.display().to_string(), text.to_owned())],
        None => {
            let examples = schema["examples"].as_array().into_iter().flatten();
            examples
                .enumerate()
                .map(|(at, example)| (format!("example {}", at + 1), example.to_string()))
                .collect()
        }
    };
    if texts.is_empty() {
        return Err("its configuration schema has no `examples` to try it with; add one, or name a file with --with".to_owned());
    }
    let mut cases = Vec::new();
    for (title, text) in texts {
        let config = check(&text, Path::new(&title), &environment, schema)
            .map_err(|problems| format!("{title} does not fit its own schema: {problems}"))?;
        let asks = ask(module, bench, &config)
            .map_err(|why| format!("{title} is refused: {}", why.said()))?;
        cases.push(Case {
            title,
            config,
            asks,
        });
    }
    let about = match cases.as_slice() {
        [case] => format!("{} is accepted", case.title),
        cases => format!("{} configurations are accepted", cases.len()),
    };
    Ok((cases, about))
}

/// Why there is no plan.
pub(super) enum NoPlan {
    /// The module says why.
    Refused(Vec<Error>),
    /// It stopped, or took too long.
    Broke(Error),
}

impl NoPlan {
    pub(super) fn said(self) -> String {
        match self {
            Self::Refused(failures) => words(&objections(failures)),
            Self::Broke(error) => words(&error),
        }
    }
}

/// What it asks for with this configuration.
pub(super) fn ask(module: &Module, bench: &Bench, config: &Value) -> Result<Request, NoPlan> {
    module
        .plan(&config.to_string(), &bench.helpers(module.name()))
        .map_err(NoPlan::Broke)?
        .map_err(NoPlan::Refused)
}

/// Its plan is always the same, and names only what can be granted.
pub(super) fn plan(subject: &Subject<'_>) -> Check {
    let mut asked = 0;
    for case in &subject.cases {
        let again = ask(subject.module, subject.bench, &case.config).map_err(NoPlan::said)?;
        if again != case.asks {
            return Err(format!(
                "with {}, plan-run does not always ask for the same",
                case.title
            ));
        }
        if let Some(wrong) = impossible(&case.asks) {
            return Err(format!("with {}, {wrong}", case.title));
        }
        asked += case.asks.lines().len();
    }
    Ok(Told::Passed(match asked {
        0 => "it asks for nothing".to_owned(),
        asked => format!("it asks for {asked} things, each of which can be granted"),
    }))
}

/// The first thing in a plan that nobody could grant.
pub(super) fn impossible(asks: &Request) -> Option<String> {
    let mut seen = BTreeSet::new();
    asks.lines().into_iter().find_map(|(access, asked)| {
        let wrong = match access {
            "commands" if asked.trim().is_empty() => "a blank command line".to_owned(),
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
        Some(format!(
            "its plan asks {}",
            if access == "commands" && wrong.starts_with("a blank") {
                format!("for {wrong}")
            } else {
                wrong
            }
        ))
    })
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// Code and message of a failure, as the operator will read them.
pub(super) fn rude(failure: &Error) -> Option<String> {
    let code = failure.code();
    let kebab = !code.is_empty()
        && code.split('-').all(|word| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    let message = failure.message();
    if !kebab {
        return Some(format!(
            "a failure has the code {code:?}, which is not in kebab-case"
        ));
    }
    if message.trim().len() < 10 {
        return Some(format!(
            "the failure {code} has the message {message:?}, which tells nobody anything"
        ));
    }
    (message.len() > 1000).then(|| {
        format!(
            "the failure {code} has a message of {} bytes",
            message.len()
        )
    })
}

/// An error in one line.
pub(super) fn words(error: &Error) -> String {
    match error.hint_text() {
        Some(hint) => format!("{} ({hint})", error.message()),
        None => error.message().to_owned(),
    }
}
