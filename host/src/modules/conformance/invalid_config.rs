//! Configurations with a mistake in them: a module must refuse them with a reason, or accept them with
//! a plan that can be granted.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::access_requests::{PlanFailure, ask, ungrantable};
use super::bad_message::bad_message;
use super::subject::{CheckOutcome, CheckResult, Subject, TestCase, checked_config};
use crate::modules::error_text::one_line;

/// A key that no module has.
const UNKNOWN_KEY: &str = "sidecar_module_test";

/// A good configuration with one change.
struct InvalidConfig {
    /// The change: "a list of lists as `greeting`".
    about: String,
    config: Value,
    /// Whether no module can accept it.
    must_be_refused: bool,
}

/// Every mistake is refused by the schema or by plan-run, and none makes the module trap.
pub(super) fn refusals(subject: &Subject<'_>) -> CheckResult {
    let environment = subject.fixture.environment();
    let schema = &subject.description.config_schema;
    let (mut by_schema, mut by_plan) = (0, 0);
    for invalid in subject.cases.iter().flat_map(invalid_configs) {
        let about = &invalid.about;
        let config = checked_config(
            &invalid.config.to_string(),
            Path::new("invalid"),
            &environment,
            schema,
        );
        let Ok(config) = config else {
            by_schema += 1;
            continue;
        };
        match ask(subject.module, subject.fixture, &config) {
            Err(PlanFailure::Broke(error)) => {
                return Err(format!(
                    "with {about}, plan-run does not answer: {}",
                    one_line(&error)
                ));
            }
            Err(PlanFailure::Refused(failures)) if failures.is_empty() => {
                return Err(format!(
                    "with {about}, plan-run refuses, and does not say why"
                ));
            }
            Err(PlanFailure::Refused(failures)) => {
                by_plan += 1;
                if let Some(wrong) = failures.iter().find_map(bad_message) {
                    return Err(format!("with {about}, {wrong}"));
                }
            }
            Ok(_) if invalid.must_be_refused => {
                return Err(format!(
                    "it accepts {about}; refuse it in the schema, or in plan-run"
                ));
            }
            Ok(asks) => {
                if let Some(wrong) = ungrantable(&asks) {
                    return Err(format!(
                        "with {about}, {wrong}; refuse that configuration instead"
                    ));
                }
            }
        }
    }
    Ok(CheckOutcome::Passed(format!(
        "bad configurations are refused: {by_schema} by its schema, {by_plan} by plan-run"
    )))
}

fn invalid_configs(case: &TestCase) -> Vec<InvalidConfig> {
    let Some(good) = case.config.as_object() else {
        return Vec::new();
    };
    let with = |key: &str, value: Value| {
        let mut config = good.clone();
        config.insert(key.to_owned(), value);
        Value::Object(config)
    };
    let mut all = vec![InvalidConfig {
        about: "an unknown key".to_owned(),
        config: with(UNKNOWN_KEY, true.into()),
        must_be_refused: true,
    }];
    for (key, value) in good {
        all.push(InvalidConfig {
            about: format!("a list of lists as `{key}`"),
            config: with(key, json!([[[UNKNOWN_KEY]]])),
            must_be_refused: true,
        });
        let left: Map<String, Value> = good
            .iter()
            .filter(|(name, _)| *name != key)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        all.push(InvalidConfig {
            about: format!("no `{key}`"),
            config: Value::Object(left),
            must_be_refused: false,
        });
        if value.is_string() {
            for (what, text) in [
                ("an empty", String::new()),
                ("a very long", "x".repeat(100_000)),
                ("a strange", "\u{1f4be} ../%00 \" '\n$(id)".to_owned()),
            ] {
                all.push(InvalidConfig {
                    about: format!("{what} text as `{key}`"),
                    config: with(key, text.into()),
                    must_be_refused: false,
                });
            }
        }
    }
    all
}
