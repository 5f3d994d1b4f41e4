//! `${VAR}` and `${VAR:-default}` in scalars.
//!
//! Only text changes, after the structure is known: no value can add a key. Command lines keep
//! their text, because the shell expands them; see [`shell_variables`](super::shell_variables).

use super::environment::Environment;
use super::pointer;
use super::problem::Problem;
use super::shell_variables;
use super::tree::{Content, Node, Scalar};

/// The keys of `strategy.config` below which everything is a command line.
const COMMANDS: [&str; 5] = ["pre", "command", "commands", "post", "restore"];

/// Replaces the variables in the tree; returns what is missing or malformed.
pub(super) fn substitute(root: &mut Node, environment: &Environment) -> Vec<Problem> {
    let names = env_names(root);
    let mut walk = Walk {
        environment,
        names,
        problems: Vec::new(),
    };
    walk.node(root, "");
    walk.problems
}

/// What the text at a pointer is for.
#[derive(PartialEq)]
enum Purpose {
    /// A shell will read it: the text stays as it is, and is text.
    Command,
    /// It is compared with command lines: as it is, too.
    CommandPattern,
    /// The value of an environment variable: always text.
    EnvValue,
    Value,
}

fn purpose(pointer: &str) -> Purpose {
    let keys: Vec<String> = pointer::keys(pointer).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match keys.as_slice() {
        ["strategy", "config", "env", _] => Purpose::EnvValue,
        ["strategy", "config", below @ ..] if below.iter().any(|key| COMMANDS.contains(key)) => {
            Purpose::Command
        }
        ["drill", "check", ..] => Purpose::Command,
        ["modules", _, "allow", "commands", ..] => Purpose::CommandPattern,
        _ => Purpose::Value,
    }
}

/// The variables that `strategy.config.env` sets for commands.
fn env_names(root: &Node) -> Vec<String> {
    let env = ["strategy", "config", "env"]
        .iter()
        .try_fold(root, |node, key| {
            let Content::Map(entries) = &node.content else {
                return None;
            };
            entries
                .iter()
                .find(|entry| entry.key == *key)
                .map(|entry| &entry.value)
        });
    match env.map(|node| &node.content) {
        Some(Content::Map(entries)) => entries.iter().map(|entry| entry.key.clone()).collect(),
        _ => Vec::new(),
    }
}

struct Walk<'a> {
    environment: &'a Environment,
    names: Vec<String>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, pointer: &str) {
        let at = node.at;
        match &mut node.content {
            Content::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.node(item, &pointer::child(pointer, index));
                }
            }
            Content::Map(entries) => {
                for entry in entries {
                    self.node(&mut entry.value, &pointer::child(pointer, &entry.key));
                }
            }
            Content::Scalar(scalar) => {
                for (wrong, write) in self.scalar(scalar, pointer) {
                    let key = pointer::dotted(pointer);
                    self.problems.push(Problem {
                        at: Some(at),
                        key,
                        wrong,
                        write,
                    });
                }
            }
        }
    }

    fn scalar(&self, scalar: &mut Scalar, pointer: &str) -> Vec<(String, String)> {
        let purpose = purpose(pointer);
        // Nothing at all stays nothing, also where text is expected.
        if purpose != Purpose::Value && !scalar.text.is_empty() {
            scalar.plain = false;
        }
        match purpose {
            Purpose::CommandPattern => Vec::new(),
            Purpose::Command => {
                let known = |name: &str| {
                    self.environment.get(name).is_some() || self.names.iter().any(|own| own == name)
                };
                shell_variables::missing(&scalar.text, known)
                    .into_iter()
                    .map(|name| {
                        let wrong = format!("the command uses `${{{name}}}`, which is not set");
                        let write = format!(
                            "set {name} in the environment of the sidecar or in strategy.config.env, \
                             or write ${{{name}:-}} if it may be empty"
                        );
                        (wrong, write)
                    })
                    .collect()
            }
            Purpose::EnvValue | Purpose::Value => {
                let mut failures = Vec::new();
                let text = expand(&scalar.text, self.environment, &mut failures);
                scalar.substituted = text != scalar.text;
                scalar.broken = !failures.is_empty();
                scalar.text = text;
                failures
            }
        }
    }
}

/// `text` with its variables replaced. `$${` stands for `${`; a `$` alone means nothing.
fn expand(text: &str, environment: &Environment, failures: &mut Vec<(String, String)>) -> String {
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
        if !is_name(name) {
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
pub(super) fn is_name(name: &str) -> bool {
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
    fn says_what_it_cannot_replace() {
        assert_eq!(expanded("${B} ${C}").1, 2);
        assert_eq!(expanded("${A").1, 1);
        assert_eq!(expanded("${}").1, 1);
        assert_eq!(expanded("${A-x}").1, 1);
        assert_eq!(expanded("${1A}").1, 1);
    }
}
