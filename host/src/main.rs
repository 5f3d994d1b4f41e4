//! The `sidecar` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sidecar::command::watchdog::main_if_asked();
    let code = sidecar::door::cli::main();
    sidecar::command::watchdog::dismiss();
    code
}
