//! `${VAR}` and `${VAR:-default}` in one text.

use crate::config::environment::Environment;

/// `text` with its variables replaced. `$${` stands for `${`; a `$` alone means nothing.
/// `failures` gets (what is wrong, what to write).
pub(super) fn expand(
    text: &str,
    environment: &Environment,
    failures: &mut Vec<(String, String)>,
) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = &from[2..];
            continue;
        }
        expanded.push_str(before);
        let Some(length) = closing_brace(&from[2..]) else {
            failures.push(malformed("a `${` is not closed"));
            return expanded;
        };
        let inside = &from[2..2 + length];
        rest = &from[2 + length + 1..];
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_variable_name(name) {
            failures.push(malformed("a `${…}` does not name a variable"));
            continue;
        }
        match (environment.get(name), default) {
            (Some(""), Some(default)) | (None, Some(default)) => {
                expanded.push_str(&expand(default, environment, failures));
            }
            (Some(value), _) => expanded.push_str(value),
            (None, None) => failures.push((
                format!("the variable `{name}` is not set"),
                format!(
                    "set {name} in the environment of the sidecar, or write ${{{name}:-default}}"
                ),
            )),
        }
    }
    expanded.push_str(rest);
    expanded
}

/// Where the `}` is that belongs to a `${` before `text`.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (index, character) in text.char_indices() {
        match character {
            '{' if text[..index].ends_with('$') => open += 1,
            '}' if open == 0 => return Some(index),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn malformed(wrong: &str) -> (String, String) {
    let write = "write ${NAME} or ${NAME:-default}; $${ stands for a plain ${";
    (wrong.to_owned(), write.to_owned())
}

/// Whether a shell would take it for a variable's name.
pub(super) fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> (String, usize) {
        let environment = Environment::new([("A", "1"), ("EMPTY", ""), ("NEST", "${A}")], "/");
        let mut failures = Vec::new();
        let text = expand(text, &environment, &mut failures);
        (text, failures.len())
    }

    #[test]
    fn replaces_once_and_only_what_is_a_variable() {
        assert_eq!(expanded("a${A}b${A}"), ("a1b1".to_owned(), 0));
        assert_eq!(expanded("${NEST}"), ("${A}".to_owned(), 0));
        assert_eq!(expanded("$A 5$ $$"), ("$A 5$ $$".to_owned(), 0));
        assert_eq!(expanded("$${A}"), ("${A}".to_owned(), 0));
    }

    #[test]
    fn a_default_stands_in_for_what_is_missing_or_empty() {
        assert_eq!(expanded("${B:-x}${EMPTY:-y}${A:-z}"), ("xy1".to_owned(), 0));
        assert_eq!(expanded("${B:-${C:-${A}}}!"), ("1!".to_owned(), 0));
        assert_eq!(expanded("${B:-}${EMPTY}"), (String::new(), 0));
    }

    #[test]
    fn reports_what_it_cannot_replace() {
        assert_eq!(expanded("${B} ${C}").1, 2);
        assert_eq!(expanded("${A").1, 1);
        assert_eq!(expanded("${}").1, 1);
        assert_eq!(expanded("${A-x}").1, 1);
        assert_eq!(expanded("${1A}").1, 1);
    }
}
