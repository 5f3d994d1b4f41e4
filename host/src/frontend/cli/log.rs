//! Logs: text on a terminal, JSON elsewhere; always on stderr. What modules, commands and names say
//! steers no terminal and forges no line.

use std::fmt::Debug;
use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use super::options::Options;
use super::progress;
use crate::display::{visible, visible_line};
use crate::redact::redacted;

/// Libraries that log every byte they send, including the secrets in URLs, or the keys that they sign with.
const QUIETED_LIBRARIES: [&str; 7] = [
    "reqwest=warn",
    "hyper_util=warn",
    "reqsign_core=warn",
    "reqsign_aws_core=warn",
    "reqsign_aws_v4=warn",
    "reqsign_file_read_tokio=warn",
    "rustic_core=warn",
];

/// Starts logging. `RUST_LOG` overrides the level of the options.
pub(super) fn start(options: &Options) {
    let level = match (options.quiet, options.verbose) {
        (true, _) => "error",
        (false, 0) => "sidecar=info,warn",
        (false, 1) => "sidecar=debug,info",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let quieted = QUIETED_LIBRARIES
        .iter()
        .filter_map(|directive| directive.parse().ok());
    let filter = quieted.fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    if io::stderr().is_terminal() {
        builder
            .with_writer(|| filtered(safe))
            .fmt_fields(debug_fn(field).delimited(" "))
            .with_target(false)
            .with_ansi(options.colored(&io::stderr()))
            .init();
    } else {
        builder
            .with_writer(|| filtered(safe_json))
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .init();
    }
}

/// A field as text; the message is the one without a name.
fn field(
    writer: &mut Writer<'_>,
    field: &tracing::field::Field,
    value: &dyn Debug,
) -> std::fmt::Result {
    let value = visible_line(&format!("{value:?}"));
    match field.name() {
        "message" => write!(writer, "{value}"),
        name => write!(writer, "{name}={value}"),
    }
}

/// Text without secrets, whichever library wrote it.
fn safe(text: &str) -> String {
    redacted(text).into_owned()
}

/// The same of JSON, which has escaped what steers a terminal, but not what reorders text.
fn safe_json(text: &str) -> String {
    visible(&redacted(text)).into_owned()
}

/// Standard error behind a filter.
fn filtered(filter: fn(&str) -> String) -> impl Write {
    Filtered {
        to: progress::stderr(),
        filter,
    }
}

/// Writes what a filter leaves of each line.
struct Filtered<W> {
    to: W,
    filter: fn(&str) -> String,
}

impl<W: Write> Write for Filtered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = (self.filter)(&String::from_utf8_lossy(bytes));
        self.to.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
