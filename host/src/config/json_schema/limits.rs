//! A module's JSON Schema is untrusted: the cost of using it is computed before it is used.
//!
//! It must stand alone (no reference leads out of it), it must end (no reference leads back to
//! itself without going deeper into the value), and it must be cheap: references that fan out
//! could be followed forever. Patterns are no danger, because their engine never goes back.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Rules inside of rules; no real configuration needs more.
const MAX_LEVELS: usize = 256;
/// Rules that are written out when the schema is compiled.
const MAX_RULES: u64 = 200_000;
/// Rules that are looked at for one configuration.
const MAX_STEPS: u64 = 5_000_000;

/// Keywords whose rules are about the same value.
const SAME: [&str; 10] = [
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
];
/// Keywords whose rules are about what is inside of it.
const INSIDE: [&str; 9] = [
    "patternProperties",
    "propertyNames",
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
];
/// Keywords that hold a map of rules.
const MAPS: [&str; 4] = [
    "properties",
    "patternProperties",
    "dependentSchemas",
    "dependencies",
];
/// Keywords that would let a reference mean something else than what its pointer names.
const UNSUPPORTED: [&str; 4] = ["$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor"];

/// Fails with the reason why `schema` must not be used on `value`.
pub(super) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    let mut written = SchemaCost::of(schema, false);
    if written.cost(schema, 0, 0)? > MAX_RULES {
        return Err(format!("written out, it has more than {MAX_RULES} rules"));
    }
    let (values, depth) = extent(value);
    let steps = SchemaCost::of(schema, true).cost(schema, depth, 0)?;
    if steps.saturating_mul(values) > MAX_STEPS {
        return Err("its rules refer to each other so often that a check would not end".to_owned());
    }
    Ok(())
}

/// How many values there are, and how deep they lie.
fn extent(value: &Value) -> (u64, usize) {
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    };
    inside
        .into_iter()
        .map(extent)
        .fold((1, 1), |(all, deepest), (values, depth)| {
            (all + values, deepest.max(depth + 1))
        })
}

struct SchemaCost<'a> {
    root: &'a Value,
    /// For a value of some depth; otherwise of the schema itself, however deep.
    running: bool,
    /// By rule and depth; none while it is being computed.
    known: HashMap<(*const Value, usize), Option<u64>>,
}

impl<'a> SchemaCost<'a> {
    fn of(root: &'a Value, running: bool) -> Self {
        Self {
            root,
            running,
            known: HashMap::new(),
        }
    }

    /// The rules that come to bear at most on any one value, when `rule` is about one of `depth`.
    fn cost(&mut self, rule: &'a Value, depth: usize, level: usize) -> Result<u64, String> {
        let Some(keywords) = rule.as_object() else {
            return Ok(1);
        };
        if level > MAX_LEVELS {
            return Err(format!(
                "its rules are nested more than {MAX_LEVELS} levels deep"
            ));
        }
        let key = (std::ptr::from_ref(rule), depth);
        match self.known.get(&key) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) if self.running => {
                return Err("a rule refers to itself without end".to_owned());
            }
            Some(None) => return Ok(0),
            None => self.known.insert(key, None),
        };
        if let Some(keyword) = UNSUPPORTED
            .iter()
            .find(|keyword| keywords.contains_key(**keyword))
        {
            return Err(format!(
                "`{keyword}` is not supported: refer to `#/$defs/…` with `$ref`"
            ));
        }
        if level > 0 && keywords.contains_key("$id") {
            return Err("`$id` inside of it is not supported: refer to `#/$defs/…`".to_owned());
        }
        let mut cost = 1_u64;
        for keyword in SAME {
            for rule in self.rules(keywords, keyword)? {
                cost = cost.saturating_add(self.cost(rule, depth, level + 1)?);
            }
        }
        let Some(inside) = (if self.running {
            depth.checked_sub(1)
        } else {
            Some(0)
        }) else {
            self.known.insert(key, Some(cost));
            return Ok(cost);
        };
        for keyword in INSIDE {
            for rule in self.rules(keywords, keyword)? {
                cost = cost.saturating_add(self.cost(rule, inside, level + 1)?);
            }
        }
        let mut properties = 0_u64;
        for rule in self.rules(keywords, "properties")? {
            let one = self.cost(rule, inside, level + 1)?;
            // A value has one name: only one of them comes to bear on it.
            properties = if self.running {
                properties.max(one)
            } else {
                properties.saturating_add(one)
            };
        }
        cost = cost.saturating_add(properties);
        self.known.insert(key, Some(cost));
        Ok(cost)
    }

    /// The rules of a keyword: one, a list of them, a map of them, or the one that is referred to.
    fn rules(
        &self,
        keywords: &'a Map<String, Value>,
        keyword: &str,
    ) -> Result<Vec<&'a Value>, String> {
        match keywords.get(keyword) {
            None => Ok(Vec::new()),
            Some(Value::String(to)) if keyword == "$ref" => {
                let pointer = to.strip_prefix('#').ok_or_else(|| {
                    format!("it refers to {to:?}: a module's schema must stand alone")
                })?;
                let found = self.root.pointer(pointer);
                found
                    .map(|rule| vec![rule])
                    .ok_or_else(|| format!("there is no {to:?} in it"))
            }
            Some(Value::Array(rules)) => Ok(rules.iter().collect()),
            Some(Value::Object(rules)) if MAPS.contains(&keyword) => Ok(rules.values().collect()),
            Some(rule) => Ok(vec![rule]),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each rule refers to the next one twice.
    fn fan(keyword: &str) -> Value {
        let mut defs = Map::new();
        for at in 0..60 {
            let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
            let rules = match keyword {
                "properties" => json!({"x": next, "y": next}),
                _ => json!([next, next]),
            };
            defs.insert(at.to_string(), json!({keyword: rules}));
        }
        defs.insert("60".to_owned(), json!(true));
        json!({"$ref": "#/$defs/0", "$defs": defs})
    }

    #[test]
    fn what_a_type_derives_is_fine() {
        let tree = json!({
            "$defs": {"node": {"properties": {
                "left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"},
                "names": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}},
            }}},
            "$ref": "#/$defs/node", "additionalProperties": false,
        });
        let mut value = json!({});
        for _ in 0..50 {
            value = json!({"left": value, "names": ["a", {}]});
        }
        check(&tree, &value).unwrap();
    }

    #[test]
    fn what_exceeds_a_limit_is_refused() {
        let chain: Map<String, Value> = (0..2000)
            .map(|at| {
                (
                    at.to_string(),
                    json!({"not": {"$ref": format!("#/$defs/{}", (at + 1) % 2000)}}),
                )
            })
            .collect();
        for (schema, why) in [
            (json!({"$ref": "#"}), "without end"),
            (
                json!({"allOf": [{"not": {"$ref": "#/allOf/0"}}]}),
                "without end",
            ),
            (json!({"$ref": "#/$defs/0", "$defs": chain}), "levels"),
            (fan("allOf"), "rules"),
            (fan("properties"), "rules"),
            (json!({"$ref": "file:///etc/passwd"}), "stand alone"),
            (
                json!({"items": {"$ref": "http://127.0.0.1/schema"}}),
                "stand alone",
            ),
            (json!({"$ref": "other.json#/a"}), "stand alone"),
            (json!({"$ref": "#/nowhere"}), "no \"#/nowhere\""),
            (json!({"not": {"$id": "file:///etc/", "$ref": "#"}}), "$id"),
            (json!({"$dynamicRef": "#x"}), "$dynamicRef"),
        ] {
            let error = check(&schema, &json!({"x": [1]})).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_check_that_would_not_end_is_refused_by_the_value_at_hand() {
        // Each level looks at the next one four times: cheap, unless the value is deep.
        let again = json!({"properties": {"x": {"$ref": "#"}}});
        let schema = json!({"allOf": [again, again, again, again]});
        let deep = |levels| (0..levels).fold(json!(1), |value, _| json!({"x": value}));
        check(&schema, &deep(5)).unwrap();
        assert!(
            check(&schema, &deep(40))
                .unwrap_err()
                .contains("would not end")
        );
    }
}
