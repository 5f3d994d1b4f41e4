//! YAML text → [`YamlNode`]s; syntax errors become problems with a hint.

use saphyr_parser::{Marker, Parser, ScanError};

use super::position::SourcePosition;
use super::problem::ConfigProblem;
use super::tree::YamlNode;
use super::tree_builder::TreeBuilder;

/// The tree, as far as it can be read, and what is wrong with it. No tree: not even YAML.
pub(in crate::config) fn parse(text: &str) -> (Option<YamlNode>, Vec<ConfigProblem>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = TreeBuilder::default();
    let mut parser = Parser::new_from_str(text);
    loop {
        match parser.next_event() {
            None => break,
            Some(Err(error)) => {
                builder.stop(
                    position(error.marker()),
                    &not_yaml(&error),
                    yaml_hint(&error, text),
                );
                break;
            }
            Some(Ok((event, span))) => {
                if builder.take(event, position(&span.start)).is_none() {
                    break;
                }
            }
        }
    }
    builder.finish()
}

fn position(marker: &Marker) -> SourcePosition {
    SourcePosition {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

fn not_yaml(error: &ScanError) -> String {
    format!("this is not YAML: {}", error.info())
}

fn yaml_hint(error: &ScanError, text: &str) -> &'static str {
    let line = text.lines().nth(error.marker().line().saturating_sub(1));
    if error.info().contains("tab") {
        "indent with spaces: YAML does not allow tabs"
    } else if error.info().contains("anchor") {
        "define the anchor (&name) before its first use (*name), or put the text in quotes"
    } else if line.is_some_and(|line| line.contains("${")) {
        "inside of braces or brackets, put text with ${…} in quotes; so everywhere with `: ` or `#` in it"
    } else {
        "look at this line and the one before it: indentation, a missing colon, quote or bracket;\n\
         text with `: `, `#`, `*`, `&`, `{` or `[` in it belongs in quotes"
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{YamlContent, YamlEntry};
    use super::*;

    /// The tree as an operator might write it on one line.
    fn flat(node: &YamlNode) -> String {
        match &node.content {
            YamlContent::Scalar(scalar) if scalar.plain => scalar.text.clone(),
            YamlContent::Scalar(scalar) => format!("{:?}", scalar.text),
            YamlContent::List(items) => {
                format!(
                    "[{}]",
                    items.iter().map(flat).collect::<Vec<_>>().join(", ")
                )
            }
            YamlContent::Map(entries) => {
                let entry = |entry: &YamlEntry| format!("{}: {}", entry.key, flat(&entry.value));
                format!(
                    "{{{}}}",
                    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    fn parsed(text: &str) -> String {
        let (root, problems) = parse(text);
        assert_eq!(problems, [], "{text}");
        root.as_ref().map_or_else(String::new, flat)
    }

    #[test]
    fn keeps_quotes_apart_from_what_is_plain() {
        assert_eq!(
            parsed("a: [1, '1', \"x\", !!str 1, !!int '1']"),
            r#"{a: [1, "1", "x", "1", 1]}"#
        );
        assert_eq!(parsed("\u{feff}a: |\n  x\n"), r#"{a: "x\n"}"#);
    }

    #[test]
    fn follows_aliases_and_merges_maps_into_what_is_not_there() {
        let text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3, z: *a}";
        assert_eq!(
            parsed(text),
            "{a: {x: 1, y: 2}, b: {y: 3, z: {x: 1, y: 2}, x: 1}}"
        );
        let text = "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}";
        assert_eq!(
            parsed(text),
            "{a: {x: 1}, b: {x: 2, y: 2}, c: {x: 1, y: 2}}"
        );
    }

    #[test]
    fn every_value_has_its_position() {
        let (root, _) = parse("a:\n  - 1\n  - ü: 2\n");
        let Some(YamlNode {
            content: YamlContent::Map(entries),
            ..
        }) = root
        else {
            panic!("a map was expected")
        };
        let YamlContent::List(items) = &entries[0].value.content else {
            panic!("a list was expected")
        };
        let YamlContent::Map(inner) = &items[1].content else {
            panic!("a map was expected")
        };
        assert_eq!(entries[0].at, SourcePosition { line: 1, column: 1 });
        assert_eq!(items[0].at, SourcePosition { line: 2, column: 5 });
        assert_eq!(inner[0].at, SourcePosition { line: 3, column: 5 });
        assert_eq!(inner[0].value.at, SourcePosition { line: 3, column: 8 });
    }

    #[test]
    fn no_truncated_file_makes_it_panic() {
        let text = include_str!("../../../../config/config.example.yaml");
        for (end, _) in text.char_indices() {
            parse(&text[..end]);
        }
    }
}
