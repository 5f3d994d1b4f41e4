//! A type's name stands for one thing in the host.

use std::collections::BTreeMap;

use super::none;
use super::source::{code, files, words};

#[test]
fn no_type_name_stands_for_two_things() {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in files("host/src", &["rs"]) {
        let code = code(&source.text);
        let lines: Vec<&str> = code.lines().collect();
        for pair in words(&code).windows(2) {
            // An associated type belongs to its trait: it is indented, an alias is not.
            let alias = pair[0].text == "type"
                && lines[pair[0].line - 1].starts_with(|c: char| !c.is_whitespace());
            let kind = ["struct", "enum", "trait"].contains(&pair[0].text);
            let name = pair[1].text;
            if (kind || alias) && name.starts_with(char::is_uppercase) {
                let place = source.place(pair[1].line);
                types.entry(name.to_owned()).or_default().push(place);
            }
        }
    }
    assert!(types.len() > 200, "{} types", types.len());
    let twice: Vec<String> = types
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .flat_map(|(name, places)| places.iter().map(move |place| format!("{place}: {name}")))
        .collect();
    none(
        &twice,
        "say in the name what it is of: `SandboxJob`, `ReleaseRequest`",
    );
}
