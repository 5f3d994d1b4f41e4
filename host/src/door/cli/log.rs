//! Logs: text on a terminal, JSON elsewhere; always on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::{Options, progress};

/// Libraries that log what they send, to the last byte: the secrets in URLs, too.
const INDISCREET: [&str; 2] = ["ureq=warn", "ureq_proto=warn"];

/// Starts logging. `RUST_LOG` refines what the options say.
pub(super) fn start(options: &Options) {
    let level = match (options.quiet, options.verbose) {
        (true, _) => "error",
        (false, 0) => "sidecar=info,warn",
        (false, 1) => "sidecar=debug,info",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let quieter = INDISCREET
        .iter()
        .filter_map(|directive| directive.parse().ok());
    let filter = quieter.fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(progress::stderr);
    let terminal = std::io::stderr().is_terminal();
    if terminal {
        builder
            .with_target(false)
            .with_ansi(options.colored(&std::io::stderr()))
            .init();
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .init();
    }
}
