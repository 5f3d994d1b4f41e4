//! The house holds its map: `host/README.md` shows it, and these tests read the sources.

mod circles;
mod imports;
mod libraries;
mod once;
mod promises;
mod prose;
mod rooms;
mod source;
mod type_names;
mod words;

/// Fails with one finding a line, and with what to do about them.
#[track_caller]
fn none(findings: &[String], advice: &str) {
    assert!(
        findings.is_empty(),
        "{} findings: {advice}\n{}",
        findings.len(),
        findings.join("\n")
    );
}
