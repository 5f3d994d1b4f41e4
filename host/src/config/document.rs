//! A configuration as plain values, each with its place in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::hostile;
use super::pointer;
use super::problem::{Problem, Problems};
use super::scalar;
use super::tree::{Content, Node, Position};
use super::validate;

/// The values of a file and where they stand. Holds secrets: it cannot be printed.
pub struct Document {
    file: PathBuf,
    value: Value,
    places: BTreeMap<String, Place>,
}

/// What is known of the value at one pointer.
struct Place {
    key: Option<Position>,
    value: Position,
    /// How a number, a boolean or nothing was written, for those who expect text.
    text: Option<String>,
    substituted: bool,
    broken: bool,
}

impl Document {
    pub(super) fn new(file: &Path, root: &Node) -> Self {
        let mut places = BTreeMap::new();
        let value = convert(root, None, String::new(), &mut places);
        Self {
            file: file.to_owned(),
            value,
            places,
        }
    }

    /// The file it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What stands at a JSON pointer ("/strategy/config").
    pub(super) fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// How the number, the boolean or the nothing at a pointer was written.
    pub(super) fn written(&self, pointer: &str) -> Option<&str> {
        self.places.get(pointer)?.text.as_deref()
    }

    /// The text at a pointer for use in a message: none when it came from a variable.
    pub(super) fn shown(&self, pointer: &str) -> Option<String> {
        let place = self.places.get(pointer)?;
        match self.get(pointer)? {
            Value::String(text) if !place.substituted => Some(format!("`{}`", text.escape_debug())),
            Value::Number(number) if !place.substituted => Some(format!("`{number}`")),
            Value::Bool(boolean) if !place.substituted => Some(format!("`{boolean}`")),
            _ => None,
        }
    }

    /// Whether an earlier problem makes the value meaningless.
    pub(super) fn is_broken(&self, pointer: &str) -> bool {
        self.places.get(pointer).is_some_and(|place| place.broken)
    }

    /// Where the value stands; what does not exist stands where its nearest holder does.
    pub(super) fn position(&self, pointer: &str) -> Option<Position> {
        match self.places.get(pointer) {
            Some(place) => Some(place.value),
            None if pointer.is_empty() => None,
            None => self.key_position(pointer::parent(pointer)),
        }
    }

    /// Where its key stands, or the value itself in a list.
    pub(super) fn key_position(&self, pointer: &str) -> Option<Position> {
        match self.places.get(pointer) {
            Some(place) => Some(place.key.unwrap_or(place.value)),
            None => self.position(pointer),
        }
    }

    /// A mistake in the value at `pointer` ("/strategy/config"), in the words of whoever found it.
    pub(super) fn problem(
        &self,
        pointer: &str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) -> Problem {
        Problem {
            at: self.position(pointer),
            key: pointer::dotted(pointer),
            wrong: wrong.into(),
            write: write.into(),
        }
    }

    /// The same about the key itself.
    pub(super) fn key_problem(
        &self,
        pointer: &str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) -> Problem {
        Problem {
            at: self.key_position(pointer),
            ..self.problem(pointer, wrong, write)
        }
    }

    /// Checks the section at a JSON pointer with somebody's JSON Schema (2020-12).
    ///
    /// Returns the section as the schema wants it: a plain `123` where it expects text is "123".
    pub fn check(&self, section: &str, schema: &Value) -> Result<Value, Problems> {
        let nothing = Value::Null;
        let given = self.get(section).unwrap_or(&nothing);
        if let Err(why) = hostile::refuse(schema, given) {
            let wrong = format!("it cannot be checked with the JSON Schema of the module: {why}");
            let problem = self.problem(section, wrong, "ask the module's makers for a simpler one");
            return Err(Problems::new(&self.file, vec![problem]));
        }
        let (value, problems) = validate::section(self, section, schema, validate::From::AModule);
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Problems::new(&self.file, problems))
        }
    }

    /// Checks the whole file with our own schema, and takes it as the schema wants it.
    pub(super) fn check_all(&mut self, schema: &Value) -> Vec<Problem> {
        let (value, problems) = validate::section(self, "", schema, validate::From::Us);
        self.value = value;
        problems
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

fn convert(
    node: &Node,
    key: Option<Position>,
    pointer: String,
    places: &mut BTreeMap<String, Place>,
) -> Value {
    let mut place = Place {
        key,
        value: node.at,
        text: None,
        substituted: false,
        broken: false,
    };
    let value = match &node.content {
        Content::Scalar(scalar) => {
            place.substituted = scalar.substituted;
            place.broken = scalar.broken;
            let value = if scalar.plain && !scalar.broken {
                scalar::resolve(&scalar.text)
            } else {
                Value::String(scalar.text.clone())
            };
            // Nothing is only text when a variable said so.
            if !value.is_string() && (!value.is_null() || scalar.substituted) {
                place.text = Some(scalar.text.clone());
            }
            value
        }
        Content::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| convert(item, None, pointer::child(&pointer, index), places))
            .collect(),
        Content::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                let below = pointer::child(&pointer, &entry.key);
                let value = convert(&entry.value, Some(entry.at), below, places);
                map.insert(entry.key.clone(), value);
            }
            Value::Object(map)
        }
    };
    places.insert(pointer, place);
    value
}
