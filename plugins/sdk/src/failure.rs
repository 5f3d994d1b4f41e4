//! Failures: why something failed, for the operator.

use std::fmt::Display;
use std::io;

use crate::types::Failure;

impl Failure {
    /// `code` is a kebab-case word, `message` one sentence without a full stop that names the thing.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: None,
        }
    }

    /// An error of `std` on `path`: "cannot read /data/x: Permission denied".
    pub fn io(doing: &str, path: impl Display, error: &io::Error) -> Self {
        Self::new("io", format!("cannot {doing} {path}: {}", message(error)))
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A failure inside of an `io::Error` is extracted unchanged; any other error gets the code "io".
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => Self::new("io", message(&error)),
        }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        io::Error::other(failure)
    }
}

/// The system's message without "(os error 44)", whose numbers are WASI's own.
fn message(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}
