//! A validation error → a problem with a position, in the terms of a configuration file.
//!
//! The text comes from the schema itself: `title` names what is expected, `examples` show it.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::schema_rule::{SchemaRule, plain};
use crate::config::spelling::nearest;
use crate::config::yaml::{ConfigProblem, Document, pointer};

/// What the error means for the file; nothing where an earlier problem explains it.
pub(super) fn problems(
    document: &Document,
    section: &str,
    schema: &Value,
    error: &ValidationError<'_>,
) -> Vec<ConfigProblem> {
    let pointer = format!("{section}{}", error.instance_path().as_str());
    if document.is_broken(&pointer) {
        return Vec::new();
    }
    let rule = SchemaRule::of(schema, error.schema_path().as_str());
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
                .iter()
                .map(|key| {
                    let (wrong, write) = unknown_key(key, &rule);
                    document.key_problem(&pointer::child(&pointer, key), wrong, write)
                })
                .collect()
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let write = rule.how_to_add(key);
            let at = document.key_position(&pointer);
            let missing = pointer::child(&pointer, key);
            vec![ConfigProblem {
                at,
                ..document.problem(&missing, "this key is required", write)
            }]
        }
        _ => {
            let pointer = discriminator(error).map_or(pointer, |below| format!("{section}{below}"));
            let shown = document.shown(&pointer).filter(|_| !rule.is_secret());
            let (wrong, write) = value(error, &rule, shown);
            vec![document.problem(&pointer, wrong, write)]
        }
    }
}

/// The key that selects an alternative (`type: s3`), when its value is what is wrong.
fn discriminator<'a>(error: &'a ValidationError<'_>) -> Option<&'a str> {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return None;
    };
    let constant = |error: &&ValidationError<'_>| matches!(error.kind(), Kind::Constant { .. });
    context
        .iter()
        .flatten()
        .find(constant)
        .map(|error| error.instance_path().as_str())
}

/// What is wrong with a value, and what to write. `shown` is the value, if it may be shown.
fn value(
    error: &ValidationError<'_>,
    rule: &SchemaRule<'_>,
    shown: Option<String>,
) -> (String, String) {
    let subject = shown.unwrap_or_else(|| "the value".to_owned());
    if let (Some(title), true) = (rule.text("title"), is_about_form(error.kind())) {
        return (
            format!("{subject} is not {}", with_article(title)),
            rule.write_example(),
        );
    }
    match error.kind() {
        Kind::Type { kind } => not_expected(error.instance(), &names(kind), rule),
        Kind::Enum { options } => choice(&subject, options.as_array().map_or(&[], Vec::as_slice)),
        Kind::Constant { expected_value } => {
            choice(&subject, std::slice::from_ref(&**expected_value))
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            alternatives(error, context, &subject, rule)
        }
        Kind::Minimum { limit } => (
            format!("{subject} is too small"),
            format!("write at least {limit}"),
        ),
        Kind::Maximum { limit } => (
            format!("{subject} is too large"),
            format!("write at most {limit}"),
        ),
        Kind::MinLength { .. } => ("the text is empty".to_owned(), rule.write_example()),
        Kind::MinItems { .. } => ("the list is empty".to_owned(), rule.write_example()),
        Kind::MinProperties { .. } => ("the map is empty".to_owned(), rule.write_example()),
        Kind::UniqueItems => (
            "the list names something twice".to_owned(),
            "keep each of them once".to_owned(),
        ),
        Kind::Pattern { .. } | Kind::Format { .. } => (
            format!("{subject} does not have the form that is expected here"),
            rule.write_example(),
        ),
        Kind::FalseSchema | Kind::Not { .. } => (
            "this is not allowed here".to_owned(),
            "remove it".to_owned(),
        ),
        _ => (error.masked().to_string(), rule.write_example()),
    }
}

/// None of several alternatives was meant: say which types or values there are.
fn alternatives(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    subject: &str,
    rule: &SchemaRule<'_>,
) -> (String, String) {
    let mut options = Vec::new();
    let mut types: Vec<&str> = Vec::new();
    for alternative in context.iter().flatten() {
        match alternative.kind() {
            Kind::Constant { expected_value } => options.push((**expected_value).clone()),
            Kind::Type { kind } if alternative.instance_path() == error.instance_path() => {
                types.extend(names(kind));
            }
            _ => {}
        }
    }
    if !options.is_empty() {
        return choice(subject, &options);
    }
    types.dedup();
    not_expected(error.instance(), &types, rule)
}

/// A value of another type than any of `expected`.
fn not_expected(value: &Value, expected: &[&str], rule: &SchemaRule<'_>) -> (String, String) {
    let expected: Vec<&str> = expected
        .iter()
        .copied()
        .filter(|name| *name != NOTHING)
        .collect();
    let names = match expected.as_slice() {
        [] => "something else".to_owned(),
        names => names.join(" or "),
    };
    let wrong = match value {
        Value::Null => "the value is missing".to_owned(),
        other => format!("{names} is expected here, not {}", type_of(other)),
    };
    let keys = || rule.keys().filter(|_| expected.contains(&MAP));
    let write = rule
        .examples()
        .or_else(|| Some(format!("write {} below it", keys()?)));
    (wrong, write.unwrap_or_else(|| format!("write {names}")))
}

fn choice(subject: &str, options: &[Value]) -> (String, String) {
    let options: Vec<String> = options
        .iter()
        .filter(|option| !option.is_null())
        .map(plain)
        .collect();
    let wrong = format!("{subject} is not one of the possible values");
    let all = format!("write {}", options.join(", "));
    let write = match nearest(
        subject.trim_matches('`'),
        options.iter().map(String::as_str),
    ) {
        Some(near) if options.len() > 1 => format!("did you mean `{near}`? {all}"),
        _ => all,
    };
    (wrong, write)
}

fn unknown_key(key: &str, rule: &SchemaRule<'_>) -> (String, String) {
    let known: Vec<&str> = rule.properties().map(|(key, _)| key).collect();
    let write = match (nearest(key, known.iter().copied()), rule.home_of(key)) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(home)) => format!("it belongs below `{home}`: move it there"),
        (None, None) if known.is_empty() => "remove it".to_owned(),
        (None, None) => format!("known here are {}", known.join(", ")),
    };
    ("this key is not known".to_owned(), write)
}

/// Errors that all say the same to an operator: this is not one of those.
fn is_about_form(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Pattern { .. } | Kind::Format { .. } | Kind::Minimum { .. } | Kind::Maximum { .. }
    )
}

const NOTHING: &str = "nothing";
const MAP: &str = "a map of keys";

fn names(kind: &TypeKind) -> Vec<&'static str> {
    let name = |kind: JsonType| match kind {
        JsonType::Null => NOTHING,
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => MAP,
    };
    match kind {
        TypeKind::Single(kind) => vec![name(*kind)],
        TypeKind::Multiple(kinds) => kinds.iter().map(name).collect(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => NOTHING,
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => MAP,
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
