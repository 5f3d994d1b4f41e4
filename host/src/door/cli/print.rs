//! What people read.

use super::Options;
use crate::error::Error;

/// An error: as an object on stdout if JSON was asked for, in words on stderr otherwise.
pub(super) fn error(options: &Options, error: &Error) {
    if options.json {
        println!("{}", serde_json::json!({"error": object(error)}));
        return;
    }
    let (red, dim, plain) = match options.colored(&std::io::stderr()) {
        true => ("\x1b[1;31m", "\x1b[2m", "\x1b[0m"),
        false => ("", "", ""),
    };
    eprintln!("{red}error{plain}: {}", error.message());
    if let Some(hint) = error.hint_text() {
        eprintln!("{dim}hint{plain}: {hint}");
    }
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        tracing::debug!("caused by: {inner}");
        cause = inner.source();
    }
}

/// An error for programs.
pub(super) fn object(error: &Error) -> serde_json::Value {
    serde_json::json!({"code": error.code(), "message": error.message(), "hint": error.hint_text()})
}

/// A module's own words, unable to move the cursor over what stands beside them.
pub(super) fn plain(text: &str) -> String {
    let escaped = |c: char| match c {
        '\n' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Bytes for people: "12.4 MiB".
pub(super) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}
