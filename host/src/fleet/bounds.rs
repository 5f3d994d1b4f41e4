//! What a fleet takes of an answer: whatever a sidecar says, it is remembered by all, and shown to every browser.

use serde_json::Value;

use crate::display::cut;

/// Items of a list: strategies are the most that a sidecar may have many of.
const MOST_ITEMS: usize = 1000;
/// Bytes of a text.
const LONGEST_TEXT: usize = 500;

/// The same with no longer lists and texts than a page has room for.
pub(super) fn bounded(answer: Value) -> Value {
    match answer {
        Value::String(text) => cut(&text, LONGEST_TEXT).into_owned().into(),
        Value::Array(items) => {
            let first = items.into_iter().take(MOST_ITEMS);
            first.map(bounded).collect()
        }
        Value::Object(fields) => {
            let first = fields.into_iter().take(MOST_ITEMS);
            let named = first.filter(|(name, _)| name.len() <= LONGEST_TEXT);
            Value::Object(named.map(|(name, value)| (name, bounded(value))).collect())
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_lists_and_texts_are_cut_at_any_depth() {
        let item = json!({"reason": "x".repeat(1000), "of": 3});
        let taken = bounded(json!({"members": vec![json!([item]); 1200]}));
        let members = taken["members"].as_array().map(Vec::len);
        assert_eq!(members, Some(MOST_ITEMS));
        let first = &taken["members"][0][0];
        let reason = first["reason"].as_str().unwrap_or_default();
        assert!(reason.ends_with("… (cut at 500 bytes)") && reason.len() < 530);
        assert_eq!(first["of"], 3);
    }
}
