//! What an operator writes to allow what a module asks for.

use std::collections::BTreeMap;

use crate::plan::AccessVerdict;

/// The block below `modules.NAME`, a line each; none for a module that asks for nothing.
pub fn allow_block(asks: &[AccessVerdict]) -> Vec<String> {
    let mut keys: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for verdict in asks {
        let written = written(verdict);
        let things = keys.entry(verdict.access).or_default();
        if !things.contains(&written) {
            things.push(written);
        }
    }
    let mut lines = Vec::new();
    for (key, things) in keys {
        if lines.is_empty() {
            lines.push("allow:".to_owned());
        }
        if key == "follow_links" {
            lines.push("  follow_links: true".to_owned());
            continue;
        }
        lines.push(format!("  {key}:"));
        lines.extend(things.into_iter().map(|thing| format!("    - {thing}")));
    }
    lines
}

/// The options of `sidecar module run` and `sidecar module test` that allow the same.
pub fn allow_options(asks: &[AccessVerdict]) -> Vec<String> {
    let mut options = Vec::new();
    for verdict in asks {
        let option = match verdict.access {
            "follow_links" => "--allow follow_links".to_owned(),
            access => format!("--allow {}", quoted(&format!("{access}={}", verdict.asked))),
        };
        if !options.contains(&option) {
            options.push(option);
        }
    }
    options
}

/// A vector is a list already, as JSON writes it; all else is text.
fn written(verdict: &AccessVerdict) -> String {
    match verdict.access {
        "argv" => verdict.asked.clone(),
        _ => serde_json::Value::from(verdict.asked.as_str()).to_string(),
    }
}

/// For a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::AccessRequest;

    fn asks() -> Vec<AccessVerdict> {
        AccessRequest {
            commands: vec!["echo 'a' \"$X\"".into()],
            argv: vec![vec!["redis-cli".into(), "-".into()]],
            net: vec!["redis:6379".into()],
            follow_links: true,
            ..AccessRequest::default()
        }
        .all_allowed()
    }

    #[test]
    fn a_block_is_pasted_as_it_is() {
        assert_eq!(
            allow_block(&asks()).join("\n"),
            "allow:\n  argv:\n    - [\"redis-cli\",\"-\"]\n  commands:\n    - \"echo 'a' \\\"$X\\\"\"\n  follow_links: true\n  net:\n    - \"redis:6379\""
        );
        assert!(allow_block(&[]).is_empty());
    }

    #[test]
    fn options_are_pasted_into_a_shell() {
        assert_eq!(
            allow_options(&asks()),
            [
                "--allow 'commands=echo '\\''a'\\'' \"$X\"'",
                "--allow 'argv=[\"redis-cli\",\"-\"]'",
                "--allow 'net=redis:6379'",
                "--allow follow_links",
            ]
        );
    }
}
