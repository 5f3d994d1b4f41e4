//! Errors of a module inside other messages.

use crate::error::{Error, Kind};

/// Message and hint in one line.
pub(super) fn one_line(error: &Error) -> String {
    match error.hint_text() {
        Some(hint) => format!("{} ({hint})", error.message()),
        None => error.message().to_owned(),
    }
}

/// All that a module has against a configuration, in one error.
pub(super) fn invalid_config(failures: &[Error]) -> Error {
    let all: Vec<String> = failures.iter().map(one_line).collect();
    Error::new(Kind::Config, "config-invalid", all.join("; "))
}
