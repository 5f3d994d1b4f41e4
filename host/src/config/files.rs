//! The files that make a configuration: with other bytes in one of them it is another one.

use std::path::PathBuf;

use serde_json::Value;

use super::app::Listen;
use super::configuration::Config;
use super::yaml::Document;

impl Config {
    /// The file itself, those that its keys `…_file` name, and the certificate with its key.
    pub fn files(&self) -> Vec<PathBuf> {
        files_of(self.file.clone(), &self.document, &self.app.listen)
    }
}

/// The same of any configuration.
pub(super) fn files_of(file: PathBuf, document: &Document, listen: &Listen) -> Vec<PathBuf> {
    let mut files = vec![file];
    if let Some(all) = document.get("") {
        collect(all, &mut files);
    }
    if let Some(tls) = &listen.tls {
        files.extend([tls.cert.clone(), tls.key.clone()]);
    }
    files
}

fn collect(value: &Value, files: &mut Vec<PathBuf>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| collect(one, files)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(path) if key.ends_with("_file") => files.push(path.into()),
                    // A strategy's own keys say nothing to the host.
                    _ if key == "config" => {}
                    _ => collect(value, files),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::path::Path;

    use crate::config::{Environment, parse};

    #[test]
    fn secrets_and_certificates_are_among_them_and_a_strategys_own_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, "a-token-in-a-file").unwrap();
        let text = format!(
            "app: {{tls: {{cert: /tls.crt, key: /tls.key}}}}
capabilities: {{version: v1, types: [database]}}
strategy: {{type: custom, config: {{command: x, env: {{a_file: /other}}}}}}
paths: {{workdir: /a, artifacts: /b, temp_dump: /c/d}}
secrets: {{api_token_file: {}}}
",
            token.display()
        );
        let nothing = Environment::new([("", ""); 0], "/");
        let config = parse(Path::new("/sidecar.yaml"), &text, &nothing).unwrap();
        let files = [
            "/sidecar.yaml",
            token.to_str().unwrap(),
            "/tls.crt",
            "/tls.key",
        ];
        assert_eq!(config.files(), files.map(Path::new));
    }
}
