//! Exit codes, as the process returns them.

use std::process::ExitCode;

use crate::error::Error;
use crate::frontend::outcome;

/// Wrong usage of the command line.
pub(super) fn usage() -> ExitCode {
    outcome::USAGE.into()
}

/// How the program ends after `error`.
pub(super) fn code(error: &Error) -> ExitCode {
    outcome::exit_code(error.kind()).into()
}
