//! The files that a configuration names: what the sidecar trusts, besides the configuration itself.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::configuration::Config;

/// Keys whose values are files, besides those that end in `_file`.
const FILES: [&str; 3] = ["cert", "key", "source"];

impl Config {
    /// Its own file, and the files of secrets, certificates, keys and modules: as they are written, and from
    /// where the configuration lies. `strategy.config` is the strategy's to read.
    pub fn named_files(&self) -> Vec<PathBuf> {
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        let mut found = vec![self.file.clone()];
        if let Some(Value::Object(sections)) = self.document.get("") {
            for (name, section) in sections {
                collect(&[name], section, &mut |file| {
                    found.extend([folder.join(file), PathBuf::from(file)]);
                });
            }
        }
        found
    }
}

fn collect(keys: &[&str], value: &Value, found: &mut impl FnMut(&str)) {
    let key = keys.last().copied().unwrap_or_default();
    match value {
        Value::String(text) if key.ends_with("_file") || FILES.contains(&key) => found(text),
        Value::Array(values) => values.iter().for_each(|value| collect(keys, value, found)),
        Value::Object(values) => {
            for (name, value) in values {
                let below = [keys, &[name.as_str()]].concat();
                if !matches!(
                    below[..],
                    ["strategy", "config"] | ["strategies", _, "config"]
                ) {
                    collect(&below, value, found);
                }
            }
        }
        _ => {}
    }
}
