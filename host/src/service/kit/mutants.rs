//! Configurations with a mistake in them: each must be refused in words, or be none after all.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::manners::{self, NoPlan, ask, rude};
use super::{Case, Check, Subject, Told, check};

/// A key that no module has.
const UNKNOWN: &str = "sidecar_module_test";

/// A configuration that was spoilt.
struct Mutant {
    /// What was done to it: "a list of lists as `greeting`".
    about: String,
    config: Value,
    /// Whether there is no way that this is right.
    hopeless: bool,
}

/// Every mistake is refused by the schema or by plan-run, and none of them stops the module.
pub(super) fn refusals(subject: &Subject<'_>) -> Check {
    let environment = subject.bench.environment();
    let schema = &subject.said.config_schema;
    let (mut by_schema, mut by_plan) = (0, 0);
    for mutant in subject.cases.iter().flat_map(mutants) {
        let about = &mutant.about;
        let config = check(
            &mutant.config.to_string(),
            Path::new("mutant"),
            &environment,
            schema,
        );
        let Ok(config) = config else {
            by_schema += 1;
            continue;
        };
        match ask(subject.module, subject.bench, &config) {
            Err(NoPlan::Broke(error)) => {
                return Err(format!(
                    "with {about}, plan-run does not answer: {}",
                    manners::words(&error)
                ));
            }
            Err(NoPlan::Refused(failures)) if failures.is_empty() => {
                return Err(format!(
                    "with {about}, plan-run refuses, and does not say why"
                ));
            }
            Err(NoPlan::Refused(failures)) => {
                by_plan += 1;
                if let Some(wrong) = failures.iter().find_map(rude) {
                    return Err(format!("with {about}, {wrong}"));
                }
            }
            Ok(_) if mutant.hopeless => {
                return Err(format!(
                    "it accepts {about}; refuse it in the schema, or in plan-run"
                ));
            }
            Ok(asks) => {
                if let Some(wrong) = manners::impossible(&asks) {
                    return Err(format!(
                        "with {about}, {wrong}; refuse that configuration instead"
                    ));
                }
            }
        }
    }
    Ok(Told::Passed(format!(
        "bad configurations are refused: {by_schema} by its schema, {by_plan} by plan-run"
    )))
}

fn mutants(case: &Case) -> Vec<Mutant> {
    let Some(good) = case.config.as_object() else {
        return Vec::new();
    };
    let with = |key: &str, value: Value| {
        let mut config = good.clone();
        config.insert(key.to_owned(), value);
        Value::Object(config)
    };
    let mut all = vec![Mutant {
        about: "an unknown key".to_owned(),
        config: with(UNKNOWN, true.into()),
        hopeless: true,
    }];
    for (key, value) in good {
        all.push(Mutant {
            about: format!("a list of lists as `{key}`"),
            config: with(key, json!([[[UNKNOWN]]])),
            hopeless: true,
        });
        let left: Map<String, Value> = good
            .iter()
            .filter(|(name, _)| *name != key)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        all.push(Mutant {
            about: format!("no `{key}`"),
            config: Value::Object(left),
            hopeless: false,
        });
        if value.is_string() {
            for (what, text) in [
                ("an empty", String::new()),
                ("a very long", "x".repeat(100_000)),
                ("a strange", "\u{1f4be} ../%00 \" '\n$(id)".to_owned()),
            ] {
                all.push(Mutant {
                    about: format!("{what} text as `{key}`"),
                    config: with(key, text.into()),
                    hopeless: false,
                });
            }
        }
    }
    all
}
