//! A configuration for a module that is tried without one: everything in a folder of its own.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::configuration::Config;
use super::environment::Environment;
use super::load::parse;
use super::module_allow::Allow;
use super::yaml::{self, ConfigProblems, Document};

/// The keys of `modules.NAME.allow` that are lists.
const LISTS: [&str; 5] = ["commands", "argv", "read", "net", "env"];

/// A module that is tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// The name that it goes by.
    pub name: &'a str,
    /// The component: an absolute path, or `oci://…`.
    pub source: &'a str,
    /// The digest that it must have.
    pub sha256: Option<&'a str>,
    /// What it may do at most: `KEY=VALUE`, as under `modules.NAME.allow`.
    pub allow: &'a [String],
    /// How long it may run, as in `strategy.timeout`.
    pub timeout: &'a str,
}

impl Trial<'_> {
    /// The configuration of a run in `folder`, with the file and the text of its `strategy.config`.
    pub fn config(
        &self,
        folder: &Path,
        with: Option<(&Path, &str)>,
        environment: &Environment,
    ) -> Result<Config, ConfigProblems> {
        let file = folder.join("config.yaml");
        let own = match with {
            Some((file, text)) => value(file, text)?,
            None => json!({}),
        };
        let mut module = json!({"source": self.source, "allow": self.allow(&file)?});
        if let Some(sha256) = self.sha256 {
            module["sha256"] = sha256.into();
        }
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let text = json!({
            "capabilities": {"version": "v1", "types": ["trial"]},
            "strategy": {"type": self.name, "timeout": self.timeout, "config": own},
            "modules": {self.name: module},
            "paths": {
                "workdir": path("work"),
                "artifacts": path("artifacts"),
                "temp_dump": path("tmp/dump.tmp"),
            },
            // No server runs.
            "secrets": {"api_token": "of-no-server-at-all"},
        });
        parse(&file, &format!("{text:#}"), environment)
    }

    /// What the module may do at most, without anything else.
    pub fn permission(&self, environment: &Environment) -> Result<Allow, ConfigProblems> {
        let config = self.config(Path::new("/trial"), None, environment)?;
        let module = config.modules.get(self.name);
        Ok(module.map(|spec| spec.allow.clone()).unwrap_or_default())
    }

    fn allow(&self, file: &Path) -> Result<Value, ConfigProblems> {
        let mut allow = Map::new();
        for given in self.allow {
            match given.split_once('=') {
                Some((key, text)) if LISTS.contains(&key) => {
                    let item = match key {
                        "argv" => value(file, text)?,
                        _ => text.into(),
                    };
                    let list = allow.entry(key).or_insert_with(|| json!([]));
                    list.as_array_mut()
                        .into_iter()
                        .for_each(|list| list.push(item.clone()));
                }
                None if given == "follow_links" => {
                    allow.insert(given.clone(), true.into());
                }
                _ => {
                    let wrong = format!("`--allow {given}` allows nothing that there is");
                    let write = "write --allow KEY=VALUE with commands, argv, read, net or env, or --allow follow_links";
                    return Err(ConfigProblems::with_file(file, wrong, write));
                }
            }
        }
        Ok(allow.into())
    }
}

/// The value of a text in YAML, variables not replaced.
fn value(file: &Path, text: &str) -> Result<Value, ConfigProblems> {
    let (root, problems) = yaml::parse(text);
    let document = root.map(|root| Document::new(file, &root));
    let value = document.and_then(|document| document.get("").cloned());
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ if problems.is_empty() => {
            let write = "write for example `{greeting: Hello}`";
            Err(ConfigProblems::with_file(
                file,
                "there is nothing in it",
                write,
            ))
        }
        _ => Err(ConfigProblems::new(file, problems)),
    }
}
