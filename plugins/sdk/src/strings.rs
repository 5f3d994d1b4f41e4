//! A key that takes one string or a list of them.

use schemars::JsonSchema;
use serde::Deserialize;

/// One string or a list of strings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Strings {
    /// `key: value`
    One(String),
    /// `key: [value, …]`
    Many(Vec<String>),
}

impl Default for Strings {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Strings {
    /// All strings, in order.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// The keys of all strings that are empty or whitespace: "paths" or "paths[1]".
    pub fn blank<'a>(&'a self, key: &'a str) -> impl Iterator<Item = String> + 'a {
        let blank = self
            .as_slice()
            .iter()
            .enumerate()
            .filter(|(_, text)| text.trim().is_empty());
        blank.map(move |(index, _)| match self {
            Self::One(_) => key.to_owned(),
            Self::Many(_) => format!("{key}[{index}]"),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn takes_one_or_many_and_names_the_blank_ones() {
        let one: Strings = serde_json::from_str(r#"" ""#).unwrap();
        let many: Strings = serde_json::from_str(r#"["a", "", "b", "\n"]"#).unwrap();
        assert_eq!(one.blank("key").collect::<Vec<_>>(), ["key"]);
        assert_eq!(many.blank("key").collect::<Vec<_>>(), ["key[1]", "key[3]"]);
        assert_eq!(many.as_slice().len(), 4);
    }
}
