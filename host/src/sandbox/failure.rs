//! Errors of the host and failures of modules, each as the other.

use super::bindings::strategy::sidecar::strategy::types::Failure;
use super::bounds;
use crate::error::Error;

/// What a module sees of an error of the host.
impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

/// What the operator sees of a module's failure.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        bounds::failure(&failure)
    }
}
