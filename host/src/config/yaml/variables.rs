//! Variables in scalars: which text they are replaced in.
//!
//! Only text changes, after the structure is known: no value can add a key. Command lines keep
//! their text, because the shell expands them; see [`shell_variables`](super::shell_variables).

use super::expansion::expand;
use super::pointer;
use super::problem::ConfigProblem;
use super::shell_variables;
use super::tree::{YamlContent, YamlNode, YamlScalar};
use crate::config::environment::Environment;
use crate::config::text_purpose::TextPurpose;

/// Replaces the variables in the tree; returns what is missing or malformed.
pub(in crate::config) fn substitute(
    root: &mut YamlNode,
    environment: &Environment,
) -> Vec<ConfigProblem> {
    let names = env_names(root);
    let mut substitution = Substitution {
        environment,
        names,
        problems: Vec::new(),
    };
    substitution.node(root, "");
    substitution.problems
}

/// The variables that `strategy.config.env` sets for commands.
fn env_names(root: &YamlNode) -> Vec<String> {
    let env = ["strategy", "config", "env"]
        .iter()
        .try_fold(root, |node, key| {
            let YamlContent::Map(entries) = &node.content else {
                return None;
            };
            entries
                .iter()
                .find(|entry| entry.key == *key)
                .map(|entry| &entry.value)
        });
    match env.map(|node| &node.content) {
        Some(YamlContent::Map(entries)) => entries.iter().map(|entry| entry.key.clone()).collect(),
        _ => Vec::new(),
    }
}

struct Substitution<'a> {
    environment: &'a Environment,
    names: Vec<String>,
    problems: Vec<ConfigProblem>,
}

impl Substitution<'_> {
    fn node(&mut self, node: &mut YamlNode, pointer: &str) {
        let at = node.at;
        match &mut node.content {
            YamlContent::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.node(item, &pointer::child(pointer, index));
                }
            }
            YamlContent::Map(entries) => {
                for entry in entries {
                    self.node(&mut entry.value, &pointer::child(pointer, &entry.key));
                }
            }
            YamlContent::Scalar(scalar) => {
                for (wrong, write) in self.scalar(scalar, pointer) {
                    let key = pointer::dotted(pointer);
                    self.problems.push(ConfigProblem {
                        at: Some(at),
                        key,
                        wrong,
                        write,
                    });
                }
            }
        }
    }

    fn scalar(&self, scalar: &mut YamlScalar, pointer: &str) -> Vec<(String, String)> {
        let keys: Vec<String> = pointer::keys(pointer).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let purpose = TextPurpose::of(&keys);
        // Nothing at all stays nothing, also where text is expected.
        if purpose != TextPurpose::Value && !scalar.text.is_empty() {
            scalar.plain = false;
        }
        match purpose {
            TextPurpose::CommandPattern => Vec::new(),
            TextPurpose::Command => {
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
            TextPurpose::EnvValue | TextPurpose::Value => {
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
