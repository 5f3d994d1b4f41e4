//! Checks without a run: the component, its description, its schema, its examples, its plans.

use std::path::Path;

use super::access_requests::{PlanFailure, ask, ungrantable};
use super::fixture::Fixture;
use super::subject::{CheckOutcome, CheckResult, Subject, TestCase, checked_config};
use crate::config::usable_schema;
use crate::modules::error_text::one_line;
use crate::modules::probe::ModuleProbe;
use crate::sandbox::{Description, Module};

/// What the names of a host's interfaces begin with.
const OFFERED: [&str; 2] = ["wasi:", "sidecar:strategy/"];
/// In bytes: a list shows one line for each module.
const MAX_LINE_LENGTH: usize = 200;

/// The file is a component that this host can run.
pub(super) fn component(probe: &ModuleProbe) -> Result<(Module, String), String> {
    let info = probe.source().info().map_err(|error| one_line(&error))?;
    info.check(probe.source().name())
        .map_err(|error| one_line(&error))?;
    let foreign = |import: &&String| !OFFERED.iter().any(|known| import.starts_with(known));
    if let Some(import) = info.imports.iter().find(foreign) {
        return Err(format!("it imports {import}, which no host offers"));
    }
    let module = probe.load().map_err(|error| one_line(&error))?;
    let version = info
        .built_for
        .map_or_else(String::new, |version| version.to_string());
    Ok((
        module,
        format!("it is a component for sidecar:strategy {version}"),
    ))
}

/// It describes itself, and always in the same way.
pub(super) fn description(module: &Module) -> Result<(Description, String), String> {
    let description = module.describe().map_err(|error| one_line(&error))?;
    let again = module.describe().map_err(|error| one_line(&error))?;
    if description != again {
        return Err("describe does not always say the same".to_owned());
    }
    for (what, text) in [
        ("name", &description.name),
        ("version", &description.version),
        ("summary", &description.summary),
    ] {
        if text.trim().is_empty() {
            return Err(format!("describe gives no {what}"));
        }
        if text.chars().any(char::is_control) || text.len() > MAX_LINE_LENGTH {
            return Err(format!(
                "describe gives a {what} that is not one short line"
            ));
        }
    }
    let Description {
        name,
        version,
        summary,
        ..
    } = &description;
    let about = format!("it is {name} {version}: {summary}");
    Ok((description, about))
}

/// Its schema can be used for a check, and describes each key.
pub(super) fn schema(description: &Description) -> Result<((), String), String> {
    let schema = &description.config_schema;
    if schema["type"] != "object" {
        return Err("the configuration schema does not say `\"type\": \"object\"`".to_owned());
    }
    usable_schema(schema)
        .map_err(|why| format!("the configuration schema cannot be used: {why}"))?;
    let properties = schema["properties"].as_object().into_iter().flatten();
    let undescribed: Vec<&str> = properties
        .filter(|(_, rule)| {
            rule["description"]
                .as_str()
                .is_none_or(|text| text.trim().is_empty())
        })
        .map(|(key, _)| key.as_str())
        .collect();
    match undescribed.as_slice() {
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
    fixture: &Fixture,
    description: &Description,
    with: Option<(&Path, &str)>,
) -> Result<(Vec<TestCase>, String), String> {
    let schema = &description.config_schema;
    let environment = fixture.environment();
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
        let config = checked_config(&text, Path::new(&title), &environment, schema)
            .map_err(|problems| format!("{title} does not fit its own schema: {problems}"))?;
        let asks = ask(module, fixture, &config)
            .map_err(|why| format!("{title} is refused: {}", why.message()))?;
        cases.push(TestCase {
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

/// Its plan is always the same, and names only what can be granted.
pub(super) fn plan(subject: &Subject<'_>) -> CheckResult {
    let mut asked = 0;
    for case in &subject.cases {
        let again =
            ask(subject.module, subject.fixture, &case.config).map_err(PlanFailure::message)?;
        if again != case.asks {
            return Err(format!(
                "with {}, plan-run does not always ask for the same",
                case.title
            ));
        }
        if let Some(wrong) = ungrantable(&case.asks) {
            return Err(format!("with {}, {wrong}", case.title));
        }
        asked += case.asks.lines().len();
    }
    Ok(CheckOutcome::Passed(match asked {
        0 => "it asks for nothing".to_owned(),
        asked => format!("it asks for {asked} things, each of which can be granted"),
    }))
}
