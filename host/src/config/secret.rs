//! Secrets, written out (`name`) or in a file (`name_file`). No message here ever holds one.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::environment;
use super::section_reader::SectionReader;
use super::yaml::pointer;
use crate::redact;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself: only for comparing it or sending it where it belongs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether `name` or `name_file` stands in the map; both at once is a mistake.
pub(super) fn is_given(reader: &mut SectionReader<'_>, map: &str, name: &str) -> bool {
    let value = pointer::child(map, name);
    let file = format!("{value}_file");
    let both = reader.given(&value).is_some() && reader.given(&file).is_some();
    if both {
        let wrong = format!("`{name}` and `{name}_file` cannot both be given");
        reader.key_problem(&file, wrong, "keep one of the two");
    }
    reader.given(&value).is_some() || reader.given(&file).is_some()
}

/// The pointer of the key that it came from, and the secret, which is kept out of all text from now on.
/// Empty ones are refused.
pub(super) fn read(
    reader: &mut SectionReader<'_>,
    map: &str,
    name: &str,
) -> Option<(String, Secret)> {
    let read = read_address(reader, map, name);
    if let Some((_, secret)) = &read {
        redact::keep_secret(secret.reveal());
    }
    read
}

/// The same for an address, of which only the password is kept out of all text.
pub(super) fn read_address(
    reader: &mut SectionReader<'_>,
    map: &str,
    name: &str,
) -> Option<(String, Secret)> {
    let value_at = pointer::child(map, name);
    let file_at = format!("{value_at}_file");
    let (at, secret) = match (reader.given(&value_at), reader.given(&file_at)) {
        (Some(value), _) => (value_at.clone(), value.as_str()?.to_owned()),
        (None, file) => {
            let file = file.and_then(Value::as_str)?.to_owned();
            (file_at.clone(), read_file(reader, &file_at, &file)?)
        }
    };
    if reader.document.is_broken(&at) {
        return None;
    }
    if secret.trim().is_empty() {
        let wrong = "the secret is empty: every client would have it";
        reader.problem(
            &at,
            wrong,
            "give it a value, such as the output of `openssl rand -hex 32`",
        );
        return None;
    }
    redact::keep_password(&secret);
    Some((at, Secret::new(secret)))
}

/// The file's text without the newline at its end, which editors leave there.
fn read_file(reader: &mut SectionReader<'_>, at: &str, file: &str) -> Option<String> {
    if file.is_empty() || reader.document.is_broken(at) {
        return None;
    }
    match reader.environment.read(Path::new(file)) {
        Ok(text) => {
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Some(text.strip_suffix('\r').unwrap_or(text).to_owned())
        }
        Err(error) => {
            let shown = reader
                .document
                .shown(at)
                .unwrap_or_else(|| "the file".to_owned());
            let reason = environment::io_reason(&error);
            reader.problem(
                at,
                format!("{shown} cannot be read: {reason}"),
                "mount the secret there, readable for the sidecar's user, or correct the path",
            );
            None
        }
    }
}
