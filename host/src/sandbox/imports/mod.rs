//! What the host does for a module: one file for each interface of `wit/`.

mod access;
mod artifact;
mod commands;
pub(super) mod deflate;
pub(super) mod files;
mod progress;
mod source;
mod target;
mod temp_dump;
mod tree;

pub(super) use access::{Access, by_descriptor};
pub(super) use commands::Commands;
pub(super) use files::Ahead;
pub(super) use temp_dump::TempDump;
pub(super) use tree::Tree;

use progress::shortened;

use super::bindings::sidecar::strategy::types;
use super::run::State;
use crate::error::Error;

impl types::Host for State {}

/// The one place where an error of the house becomes one that a module sees.
impl From<&Error> for types::Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl From<Error> for types::Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

/// The way back: a module's words become an error of the house.
impl From<types::Failure> for Error {
    fn from(failure: types::Failure) -> Self {
        let [code, message] = [&failure.code, &failure.message].map(|text| shortened(text));
        let error = Self::run(code.to_owned(), message);
        match &failure.hint {
            Some(hint) => error.hint(shortened(hint)),
            None => error,
        }
    }
}
