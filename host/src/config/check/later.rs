//! What the schema cannot say of the sections whose features come later.

use serde_json::Value;

use super::Check;

impl Check<'_> {
    pub(super) fn later(&mut self) {
        if self.given("/drill").is_some_and(Value::is_object) && !self.is_given("/drill", "into") {
            self.key_problem(
                "/drill",
                "`into` or `into_file` is required",
                "add `into:` with the URL or the directory of a scratch target",
            );
        }
    }

    /// The pointers of a list's items.
    pub(super) fn items(&self, list: &str) -> Vec<String> {
        let length = self
            .given(list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..length).map(|index| format!("{list}/{index}")).collect()
    }
}
