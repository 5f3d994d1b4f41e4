//! A section of a document against a JSON Schema: every mistake at once.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, PatternOptions, Registry, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::{explanation, formats};
use crate::config::yaml::{ConfigProblem, Document, pointer};

/// Our own schema, for one that only refers to it: a root is compared with the schema of its draft, which
/// takes a third of a start. A test has compared ours.
const OUR_SCHEMA: &str = "sidecar:///configuration";
/// The draft whose own schema is compiled fastest.
const SMALLEST_DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// Who wrote the schema.
#[derive(Clone, Copy)]
pub(super) enum SchemaAuthor {
    /// Our own patterns may look back and forth.
    Sidecar,
    /// Untrusted.
    Module,
}

/// The section as the schema wants it, and what is wrong with it. A section that is not there is an empty map.
pub(super) fn section(
    document: &Document,
    section: &str,
    schema: &Value,
    author: SchemaAuthor,
) -> (Value, Vec<ConfigProblem>) {
    let mut value = match document.get(section) {
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(value) => value.clone(),
    };
    let validator = match validator(schema, author) {
        Ok(validator) => validator,
        Err(error) => {
            let wrong = format!("it cannot be checked: {}", error.masked());
            let write = "the JSON Schema that the module brings is invalid: ask its makers";
            return (value, vec![document.problem(section, wrong, write)]);
        }
    };
    take_text(document, section, &validator, &mut value);
    let mut problems = Vec::new();
    for error in validator.iter_errors(&value) {
        for leaf in leaves(&error) {
            problems.extend(explanation::problems(document, section, schema, leaf));
        }
    }
    (value, problems)
}

/// Compiles a schema.
pub(super) fn validator(
    schema: &Value,
    author: SchemaAuthor,
) -> Result<Validator, ValidationError<'static>> {
    let options = formats::ALL
        .iter()
        .fold(jsonschema::options(), |options, format| {
            options.with_format(format.name, |text: &str| (format.holds)(text))
        })
        .should_validate_formats(true);
    match author {
        SchemaAuthor::Sidecar => {
            let registry = Registry::new().add(OUR_SCHEMA, schema)?.prepare()?;
            let reference = json!({ "$schema": SMALLEST_DRAFT, "$ref": OUR_SCHEMA });
            options.with_registry(&registry).build(&reference)
        }
        // An engine that never goes back: no pattern takes longer than its text is long.
        SchemaAuthor::Module => options
            .with_pattern_options(PatternOptions::regex())
            .build(schema),
    }
}

/// Where text is expected, a number or a boolean is taken as it was written.
fn take_text(document: &Document, section: &str, validator: &Validator, value: &mut Value) {
    let mut texts = Vec::new();
    for error in validator.iter_errors(value) {
        for leaf in leaves(&error).into_iter().filter(|leaf| expects_text(leaf)) {
            let below = leaf.instance_path().as_str();
            if let Some(text) = document.written(&format!("{section}{below}")) {
                texts.push((below.to_owned(), text.to_owned()));
            }
        }
    }
    for (below, text) in texts {
        if let Some(value) = value.pointer_mut(&below) {
            *value = Value::String(text);
        }
    }
}

fn expects_text(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        Kind::Type {
            kind: TypeKind::Single(kind),
        } => *kind == JsonType::String,
        Kind::Type {
            kind: TypeKind::Multiple(kinds),
        } => kinds.contains(JsonType::String),
        _ => false,
    }
}

/// The errors that matter: for alternatives, those of the one that was meant.
fn leaves<'a, 'b>(error: &'a ValidationError<'b>) -> Vec<&'a ValidationError<'b>> {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return vec![error];
    };
    let at = error.instance_path().as_str();
    let mut alternatives: Vec<_> = context
        .iter()
        .filter(|errors| !wants_null(errors, at))
        .collect();
    if alternatives.len() > 1 {
        alternatives.retain(|errors| !errors.iter().any(|error| is_other_kind(error, at)));
    }
    match alternatives.iter().min_by_key(|errors| errors.len()) {
        Some(errors) => errors.iter().flat_map(leaves).collect(),
        None => vec![error],
    }
}

/// Whether an alternative is only there because the key may be empty.
fn wants_null(errors: &[ValidationError<'_>], at: &str) -> bool {
    errors.iter().any(|error| {
        error.instance_path().as_str() == at
            && matches!(
                error.kind(),
                Kind::Type {
                    kind: TypeKind::Single(JsonType::Null)
                }
            )
    })
}

/// Whether an alternative is about something else: another type, or another value in a key that
/// selects an alternative (`type: s3`).
fn is_other_kind(error: &ValidationError<'_>, at: &str) -> bool {
    let path = error.instance_path().as_str();
    match error.kind() {
        Kind::Type { .. } | Kind::Enum { .. } => path == at,
        Kind::Constant { .. } => path == at || pointer::parent(path) == at,
        _ => false,
    }
}
