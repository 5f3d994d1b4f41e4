//! What belongs in a backup and is not in it, as its manifest says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Omissions that are listed one by one; the others are only counted. A manifest stays small.
const LISTED: usize = 300;
/// Characters of a text.
const LONGEST_TEXT: usize = 500;
/// Characters of a code.
const LONGEST_CODE: usize = 40;
/// The code of the entry that counts the others.
const MORE: &str = "and-more";

/// What belongs in the backup and is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Omission {
    /// What is missing: a path, `trigger shop.tr`, `role passwords`.
    pub what: String,
    /// A kebab-case word: `shrank`, `not-allowed`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Omission {
    /// Long texts are shortened.
    pub fn new(what: &str, code: &str, message: &str) -> Self {
        Self {
            what: shortened(what, LONGEST_TEXT),
            code: shortened(code, LONGEST_CODE),
            message: shortened(message, LONGEST_TEXT),
        }
    }
}

/// The omissions of a run, as many as a manifest lists.
#[derive(Debug, Default)]
pub struct Omissions {
    listed: Vec<Omission>,
    more: u64,
}

impl Omissions {
    /// Adds one; one that is there already is not repeated.
    pub fn add(&mut self, omission: Omission) {
        if self.listed.contains(&omission) {
            return;
        }
        match self.listed.len() < LISTED {
            true => self.listed.push(omission),
            false => self.more += 1,
        }
    }

    /// In the order in which they were reported; the last entry counts those that are not listed.
    pub fn into_list(self) -> Vec<Omission> {
        let Self { mut listed, more } = self;
        if more > 0 {
            listed.push(Omission {
                what: format!("{more} more"),
                code: MORE.to_owned(),
                message: format!(
                    "{more} more omissions are not listed; the log of the run names them"
                ),
            });
        }
        listed
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_every_text_is_short() {
        let mut omissions = Omissions::default();
        for n in 0..LISTED + 7 {
            let what = format!("/data/{n}");
            omissions.add(Omission::new(&what, "shrank", &"ä".repeat(10_000)));
            omissions.add(Omission::new(&what, "shrank", &"ä".repeat(10_000)));
        }
        let listed = omissions.into_list();
        assert_eq!(listed.len(), LISTED + 1);
        assert_eq!(listed[0].what, "/data/0");
        assert_eq!(listed[0].message.chars().count(), LONGEST_TEXT + 1);
        // What is not listed cannot be compared either.
        assert!(listed[LISTED].message.starts_with("14 more"));
    }
}
