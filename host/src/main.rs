//! The `sidecar` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sidecar::command::hide_memory();
    sidecar::command::keep_descriptors();
    sidecar::command::watchdog::main_if_asked();
    sidecar::sandbox::compiler::main_if_asked();
    let code = sidecar::frontend::cli::main();
    sidecar::command::watchdog::dismiss();
    code
}
