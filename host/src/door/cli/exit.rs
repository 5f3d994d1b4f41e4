//! The only map from errors to exit codes.

use std::process::ExitCode;

use crate::error::{Error, Kind};

/// Wrong usage of the command line.
pub(super) fn usage() -> ExitCode {
    ExitCode::from(2)
}

/// How the program ends after `error`.
pub(super) fn code(error: &Error) -> ExitCode {
    ExitCode::from(match error.kind() {
        Kind::BadRequest | Kind::NotFound => 2,
        Kind::Config | Kind::Denied => 3,
        Kind::Verification => 4,
        Kind::Busy => 5,
        Kind::Run | Kind::Cancelled | Kind::ShuttingDown => 1,
    })
}
