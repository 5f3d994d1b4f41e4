//! Text for people, and objects for programs: the one way to the terminal.

use std::io::{self, Write};

use super::options::Options;
use crate::display::visible;
pub(super) use crate::display::visible_line as plain;
use crate::error::Error;
use crate::redact::redacted;

/// Prints a line on standard output.
macro_rules! outln {
    ($($argument:tt)*) => {
        $crate::frontend::cli::print::line(&format!($($argument)*))
    };
}
pub(super) use outln;

/// Prints a line on standard output. Nothing in it steers the terminal, or is a secret; a reader that has gone is none.
pub(super) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{}", visible(&redacted(text)));
}

/// Prints a line on stderr.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", visible(&redacted(text)));
}

/// Prints an error: as an object on stdout with `--json`, as text on stderr otherwise.
pub(super) fn error(options: &Options, error: &Error) {
    if options.json {
        line(&serde_json::json!({"error": object(error)}).to_string());
        return;
    }
    text(options, "error", "\x1b[1;31m", error);
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        tracing::debug!("caused by: {inner}");
        cause = inner.source();
    }
}

/// Prints what fails nothing, as text on stderr.
pub(super) fn warning(options: &Options, warning: &Error) {
    text(options, "warning", "\x1b[1;33m", warning);
}

fn text(options: &Options, title: &str, color: &str, error: &Error) {
    let (color, dim, plain) = match options.colored(&io::stderr()) {
        true => (color, "\x1b[2m", "\x1b[0m"),
        false => ("", "", ""),
    };
    let mut lines = format!("{color}{title}{plain}: {}\n", block(error.message()));
    if let Some(hint) = error.hint_text() {
        lines.push_str(&format!("{dim}hint{plain}: {}\n", block(hint)));
    }
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// Further lines are indented: none of them passes for a line of the sidecar's own.
fn block(text: &str) -> String {
    visible(text).replace('\n', "\n  ")
}

/// An error for programs.
pub(super) fn object(error: &Error) -> serde_json::Value {
    serde_json::json!({"code": error.code(), "message": error.message(), "hint": error.hint_text()})
}

/// Bytes for people: "12.4 MiB".
pub(super) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// A key with the folder of its strategy, where there are several.
pub(super) fn key(strategy: Option<&str>, key: &str) -> String {
    match strategy {
        Some(strategy) => format!("{strategy}/{key}"),
        None => key.to_owned(),
    }
}
