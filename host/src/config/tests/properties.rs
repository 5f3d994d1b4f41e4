//! Whatever text a configuration has: it is read, or all that is wrong with it is said, and no secret is.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{ENV, Environment, Path, parse};

const SECRET: &str = "a-secret-that-only-these-properties-know";
const EXAMPLE: &str = include_str!("../../../../config/config.example.yaml");

fn environment() -> Environment {
    let secrets = ENV.map(|(name, _)| (name, SECRET));
    let kind = ("SIDECAR_STRATEGY_TYPE", "database_dump");
    Environment::new(secrets.into_iter().chain([kind]), "/nowhere")
}

/// What is said of a text; nothing if it is a configuration.
fn said_of(text: &str) -> Option<String> {
    let read = parse(Path::new("config.yaml"), text, &environment());
    read.err().map(|problems| problems.to_string())
}

#[derive(Debug, Clone)]
enum Edit {
    Remove,
    Double,
    Indent(usize),
    Write(String),
}

/// The example, as someone may have edited it.
fn edited() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "null",
        "[]",
        "{}",
        "- x",
        "a: {b: [c",
        "&a",
        "*a",
        "<<: *a",
        "!!binary x",
        "\"",
        "'",
        "|",
        "%YAML",
        "---",
        "${X:-1}",
        "${",
        "1e999",
        "0x10",
        "-1",
        "stores:",
        "strategies: {a: {}}",
        "set: {}",
        "? a",
        ": b",
        "\t",
        "\u{feff}",
        "\u{85}",
    ]);
    let edit = prop_oneof![
        3 => Just(Edit::Remove),
        1 => Just(Edit::Double),
        2 => (0usize..9).prop_map(Edit::Indent),
        2 => words.prop_map(|word| Edit::Write(word.to_owned())),
        1 => ".{0,30}".prop_map(Edit::Write),
    ];
    vec((any::<Index>(), edit), 0..6).prop_map(|edits| {
        let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
        for (place, edit) in edits {
            let at = place.index(lines.len());
            match edit {
                Edit::Remove if lines.len() > 1 => drop(lines.remove(at)),
                Edit::Remove => {}
                Edit::Double => lines.insert(at, lines[at].clone()),
                Edit::Indent(by) => {
                    lines[at] = format!("{}{}", " ".repeat(by), lines[at].trim_start())
                }
                Edit::Write(text) => {
                    let key = lines[at].split_inclusive(':').next().unwrap_or_default();
                    lines[at] = format!("{key} {text}");
                }
            }
        }
        lines.join("\n")
    })
}

proptest! {
    #[test]
    fn an_edited_one_is_read_or_refused_without_its_secrets(text in edited()) {
        if let Some(said) = said_of(&text) {
            prop_assert!(said.starts_with("config.yaml"), "{}", said);
            prop_assert!(!said.contains(SECRET), "{}", said);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(.|\n){0,200}") {
        prop_assert!(said_of(&text).is_some());
    }

    #[test]
    fn what_is_nested_is_refused_whatever_its_depth(
        depth in 0usize..5000, open in prop::sample::select(vec!["[", "{a: ", "- ", "{a: [", "? "])
    ) {
        prop_assert!(said_of(&open.repeat(depth)).is_some());
    }
}
