//! The part of a JSON Schema that a value did not fulfil: what it expects, from its own keywords.

use serde_json::Value;

use crate::config::yaml::pointer;

/// The part of a schema that was not fulfilled.
pub(super) struct SchemaRule<'a> {
    root: &'a Value,
    node: &'a Value,
}

impl<'a> SchemaRule<'a> {
    /// The schema that holds the keyword at `path`.
    pub(super) fn of(root: &'a Value, path: &str) -> Self {
        let node = root.pointer(pointer::parent(path)).unwrap_or(&Value::Null);
        Self { root, node }
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&'a str> {
        self.node.get(keyword)?.as_str()
    }

    /// Whether a value that should have been of this kind may be a secret: JSON Schema's `writeOnly`.
    pub(super) fn is_secret(&self) -> bool {
        self.node.get("writeOnly").and_then(Value::as_bool) == Some(true)
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let properties = self.node.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value))
    }

    pub(super) fn examples(&self) -> Option<String> {
        let examples = self.node.get("examples")?.as_array()?;
        let examples: Vec<String> = examples
            .iter()
            .map(|value| format!("`{}`", plain(value)))
            .collect();
        (!examples.is_empty()).then(|| format!("write for example {}", examples.join(", ")))
    }

    pub(super) fn write_example(&self) -> String {
        self.examples()
            .or_else(|| self.text("description").map(str::to_owned))
            .unwrap_or_else(|| "see config/README.md".to_owned())
    }

    /// How to write a key that is missing.
    pub(super) fn how_to_add(&self, key: &str) -> String {
        let Some((_, property)) = self.properties().find(|(known, _)| *known == key) else {
            return format!("add `{key}`");
        };
        let example = |schema: &'a Value| schema.get("examples")?.as_array()?.first();
        if let Some(example) = example(property).or_else(|| example(self.resolved(property))) {
            return format!("add `{key}: {}`", plain(example));
        }
        match self.keys_of(self.resolved(property)) {
            None => format!("add `{key}`"),
            Some(keys) => format!("add `{key}:` with {keys} below it"),
        }
    }

    /// The keys that this map must have, or else all that it may have.
    pub(super) fn keys(&self) -> Option<String> {
        self.keys_of(self.node)
    }

    fn keys_of(&self, schema: &'a Value) -> Option<String> {
        let required = schema.get("required").and_then(Value::as_array);
        let required: Vec<String> = required.into_iter().flatten().map(plain).collect();
        let possible = || {
            let properties = schema.get("properties")?.as_object()?;
            Some(properties.keys().cloned().collect::<Vec<_>>())
        };
        let keys = if required.is_empty() {
            possible()?
        } else {
            required
        };
        Some(keys.join(", "))
    }

    /// Where in the whole schema a map has this key (`paths`, `strategy.artifact`); the shallowest.
    pub(super) fn home_of(&self, key: &str) -> Option<String> {
        let mut level = vec![(String::new(), self.root)];
        for _ in 0..3 {
            let mut next = Vec::new();
            for (path, schema) in level {
                let properties = self
                    .resolved(schema)
                    .get("properties")
                    .and_then(Value::as_object);
                for (name, property) in properties.into_iter().flatten() {
                    if name == key && !path.is_empty() {
                        return Some(path);
                    }
                    let below = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    next.push((below, property));
                }
            }
            level = next;
        }
        None
    }

    /// What a `$ref` leads to, also if nothing is allowed beside it.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let first = schema
            .get("anyOf")
            .and_then(|alternatives| alternatives.get(0));
        let target = first.unwrap_or(schema).get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| self.root.pointer(target.strip_prefix('#')?));
        target.unwrap_or(schema)
    }
}

/// As it is written in YAML's flow style.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
