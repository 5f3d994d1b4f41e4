//! Keys whose features do not exist yet: they are checked, and refused rather than ignored.
//! A feature that lands removes its line.

use serde_json::Value;

use super::document::Document;
use super::pointer;
use super::problem::Problem;

/// A key (`*` for any name), the start of its value, and what to do meanwhile.
const NOT_BUILT: [(&str, &str, &str); 1] = [(
    "/modules/*/source",
    "oci://",
    "download the component and write the path of its file",
)];

/// A problem for each of them that the file uses.
pub(super) fn check(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, start, write) in NOT_BUILT {
        for used in matching(document, key) {
            if document
                .get(&used)
                .is_some_and(|value| asks_for_something(value, start))
            {
                problems.push(document.key_problem(&used, "this is not built yet", write));
            }
        }
    }
    problems
}

/// The pointers that `key` stands for.
fn matching(document: &Document, key: &str) -> Vec<String> {
    let Some((map, rest)) = key.split_once("/*") else {
        return vec![key.to_owned()];
    };
    let entries = document.get(map).and_then(Value::as_object);
    let names = entries.into_iter().flat_map(|entries| entries.keys());
    names
        .map(|name| format!("{}{rest}", pointer::child(map, name)))
        .collect()
}

fn asks_for_something(value: &Value, start: &str) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::String(text) => text.starts_with(start),
        _ => true,
    }
}
