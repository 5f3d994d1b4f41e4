//! A configuration as plain values, each with its position in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::pointer;
use super::position::SourcePosition;
use super::problem::ConfigProblem;
use super::scalar;
use super::tree::{YamlContent, YamlNode};

/// The values of a file and their positions. Holds secrets: `Debug` prints none of the values.
pub struct Document {
    file: PathBuf,
    value: Value,
    sources: BTreeMap<String, ValueSource>,
    /// In a view: where a section is found, and where it stands in the file.
    moved: Vec<(String, String)>,
}

/// Where the value at one pointer came from.
#[derive(Clone)]
struct ValueSource {
    key: Option<SourcePosition>,
    value: SourcePosition,
    /// How a number, a boolean or nothing was written, for keys that expect text.
    text: Option<String>,
    substituted: bool,
    broken: bool,
}

impl Document {
    pub(in crate::config) fn new(file: &Path, root: &YamlNode) -> Self {
        let mut sources = BTreeMap::new();
        let value = convert(root, None, String::new(), &mut sources);
        Self {
            file: file.to_owned(),
            value,
            sources,
            moved: Vec::new(),
        }
    }

    /// The same file as one of its strategies sees it: `sections` are pairs of where a section is found in the
    /// view and where it stands in the file; one that stands nowhere is left out. Mistakes are told of where
    /// they stand.
    pub(in crate::config) fn view(&self, sections: &[(&str, Option<String>)]) -> Self {
        let mut view = Self {
            file: self.file.clone(),
            value: self.value.clone(),
            sources: self.sources.clone(),
            moved: Vec::new(),
        };
        for (section, from) in sections {
            let key = section.trim_start_matches('/').to_owned();
            let found = from.as_deref().and_then(|from| self.get(from)).cloned();
            if let Value::Object(map) = &mut view.value {
                match found {
                    Some(value) => map.insert(key, value),
                    None => map.remove(&key),
                };
            }
            let below = format!("{section}/");
            view.sources
                .retain(|at, _| at != section && !at.starts_with(&below));
            if let Some(from) = from {
                let below = format!("{from}/");
                let taken = self.sources.iter().filter_map(|(at, source)| {
                    let rest = at.strip_prefix(from.as_str())?;
                    (rest.is_empty() || at.starts_with(&below))
                        .then(|| (format!("{section}{rest}"), source.clone()))
                });
                view.sources.extend(taken.collect::<Vec<_>>());
                view.moved.push(((*section).to_owned(), from.clone()));
            }
        }
        view
    }

    /// Where a pointer of a view leads in the file.
    fn in_file(&self, pointer: &str) -> String {
        let moved = self.moved.iter().find_map(|(section, from)| {
            let rest = pointer.strip_prefix(section.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{from}{rest}"))
        });
        moved.unwrap_or_else(|| pointer.to_owned())
    }

    /// The file it was read from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What stands at a JSON pointer ("/strategy/config").
    pub(in crate::config) fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// How the number, the boolean or the nothing at a pointer was written.
    pub(in crate::config) fn written(&self, pointer: &str) -> Option<&str> {
        self.sources.get(pointer)?.text.as_deref()
    }

    /// The text at a pointer for use in a message: none when it came from a variable.
    pub(in crate::config) fn shown(&self, pointer: &str) -> Option<String> {
        let source = self.sources.get(pointer)?;
        match self.get(pointer)? {
            Value::String(text) if !source.substituted => {
                Some(format!("`{}`", text.escape_debug()))
            }
            Value::Number(number) if !source.substituted => Some(format!("`{number}`")),
            Value::Bool(boolean) if !source.substituted => Some(format!("`{boolean}`")),
            _ => None,
        }
    }

    /// All values, but `hidden` in place of each that came from a variable, in whole or in part.
    pub fn without_variables(&self, hidden: &str) -> Value {
        let mut shown = self.value.clone();
        for (pointer, source) in &self.sources {
            if source.substituted
                && let Some(value) = shown.pointer_mut(pointer)
            {
                *value = hidden.into();
            }
        }
        shown
    }

    /// Whether an earlier problem makes the value meaningless.
    pub(in crate::config) fn is_broken(&self, pointer: &str) -> bool {
        self.sources
            .get(pointer)
            .is_some_and(|source| source.broken)
    }

    /// Where the value stands; what does not exist stands where its nearest holder does.
    pub(in crate::config) fn position(&self, pointer: &str) -> Option<SourcePosition> {
        match self.sources.get(pointer) {
            Some(source) => Some(source.value),
            None if pointer.is_empty() => None,
            None => self.key_position(pointer::parent(pointer)),
        }
    }

    /// Where its key stands, or the value itself in a list.
    pub(in crate::config) fn key_position(&self, pointer: &str) -> Option<SourcePosition> {
        match self.sources.get(pointer) {
            Some(source) => Some(source.key.unwrap_or(source.value)),
            None => self.position(pointer),
        }
    }

    /// A mistake in the value at `pointer` ("/strategy/config").
    pub(in crate::config) fn problem(
        &self,
        pointer: &str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) -> ConfigProblem {
        ConfigProblem {
            at: self.position(pointer),
            key: pointer::dotted(&self.in_file(pointer)),
            wrong: wrong.into(),
            write: write.into(),
        }
    }

    /// The same about the key itself.
    pub(in crate::config) fn key_problem(
        &self,
        pointer: &str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) -> ConfigProblem {
        ConfigProblem {
            at: self.key_position(pointer),
            ..self.problem(pointer, wrong, write)
        }
    }

    /// Replaces all values by the same ones in the types that the schema wants.
    pub(in crate::config) fn set_value(&mut self, value: Value) {
        self.value = value;
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
    node: &YamlNode,
    key: Option<SourcePosition>,
    pointer: String,
    sources: &mut BTreeMap<String, ValueSource>,
) -> Value {
    let mut source = ValueSource {
        key,
        value: node.at,
        text: None,
        substituted: false,
        broken: false,
    };
    let value = match &node.content {
        YamlContent::Scalar(scalar) => {
            source.substituted = scalar.substituted;
            source.broken = scalar.broken;
            let value = if scalar.plain && !scalar.broken {
                scalar::resolve(&scalar.text)
            } else {
                Value::String(scalar.text.clone())
            };
            // An empty value counts as text only when it came from a variable.
            if !value.is_string() && (!value.is_null() || scalar.substituted) {
                source.text = Some(scalar.text.clone());
            }
            value
        }
        YamlContent::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| convert(item, None, pointer::child(&pointer, index), sources))
            .collect(),
        YamlContent::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                let below = pointer::child(&pointer, &entry.key);
                let value = convert(&entry.value, Some(entry.at), below, sources);
                map.insert(entry.key.clone(), value);
            }
            Value::Object(map)
        }
    };
    sources.insert(pointer, source);
    value
}
