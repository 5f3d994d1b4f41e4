//! Secrets, written out or in files. No message here ever holds one.

use std::path::Path;

use serde_json::Value;

use super::Check;
use crate::config::model::Secret;
use crate::config::pointer;

impl Check<'_> {
    pub(super) fn api_token(&mut self) -> Option<Secret> {
        // A section that is missing as a whole is the schema's to report.
        self.given("/secrets")?.as_object()?;
        if !self.is_given("/secrets", "api_token") {
            self.problems.push(self.document.key_problem(
                "/secrets",
                "`api_token` or `api_token_file` is required",
                "add `api_token: ${BACKUP_API_TOKEN}`, or `api_token_file: /run/secrets/api_token`",
            ));
            return None;
        }
        let (at, token) = self.secret("/secrets", "api_token")?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.problem(
                &at,
                "the token has spaces or characters that no HTTP header can carry",
                "use letters, digits and punctuation, such as the output of `openssl rand -hex 32`",
            );
        }
        Some(Secret::new(token))
    }

    /// Whether `name` or `name_file` stands in the map; both at once is a mistake.
    pub(super) fn is_given(&mut self, map: &str, name: &str) -> bool {
        let value = pointer::child(map, name);
        let file = format!("{value}_file");
        let both = self.given(&value).is_some() && self.given(&file).is_some();
        if both {
            let wrong = format!("`{name}` and `{name}_file` cannot both be given");
            self.key_problem(&file, wrong, "keep one of the two");
        }
        self.given(&value).is_some() || self.given(&file).is_some()
    }

    /// The secret and the key that it came from. Empty ones are refused.
    pub(super) fn secret(&mut self, map: &str, name: &str) -> Option<(String, String)> {
        let value_at = pointer::child(map, name);
        let file_at = format!("{value_at}_file");
        let (at, secret) = match (self.given(&value_at), self.given(&file_at)) {
            (Some(value), _) => (value_at.clone(), value.as_str()?.to_owned()),
            (None, file) => {
                let file = file.and_then(Value::as_str)?.to_owned();
                (file_at.clone(), self.secret_file(&file_at, &file)?)
            }
        };
        if self.document.is_broken(&at) {
            return None;
        }
        if secret.trim().is_empty() {
            let wrong = "the secret is empty: anybody would have it";
            self.problem(
                &at,
                wrong,
                "give it a value, such as the output of `openssl rand -hex 32`",
            );
            return None;
        }
        Some((at, secret))
    }

    /// The file's text without the newline that editors leave at its end.
    fn secret_file(&mut self, at: &str, file: &str) -> Option<String> {
        if file.is_empty() || self.document.is_broken(at) {
            return None;
        }
        match self.environment.read(Path::new(file)) {
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Some(text.strip_suffix('\r').unwrap_or(text).to_owned())
            }
            Err(error) => {
                let shown = self
                    .document
                    .shown(at)
                    .unwrap_or_else(|| "the file".to_owned());
                let reason = crate::config::reason(&error);
                self.problem(
                    at,
                    format!("{shown} cannot be read: {reason}"),
                    "mount the secret there, readable for the sidecar's user, or correct the path",
                );
                None
            }
        }
    }
}
