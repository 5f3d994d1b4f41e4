//! Interface `progress`: what the operator sees of a run.

use crate::sandbox::bindings::sidecar::strategy::progress::Host;
use crate::sandbox::run::State;

/// Longer messages are cut: neither a log line nor an error is a place for data.
const LONGEST: usize = 8 * 1024;

impl Host for State {
    fn log(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        let message = shortened(&message);
        let module = &self.module;
        match level.as_str() {
            "error" => tracing::error!(module, "{message}"),
            "warn" => tracing::warn!(module, "{message}"),
            "debug" => tracing::debug!(module, "{message}"),
            "trace" => tracing::trace!(module, "{message}"),
            _ => tracing::info!(module, "{message}"),
        }
        Ok(())
    }

    fn report(
        &mut self,
        done: u64,
        total: Option<u64>,
        note: Option<String>,
    ) -> wasmtime::Result<()> {
        self.reporter
            .report(done, total, note.as_deref().map(shortened));
        Ok(())
    }

    fn is_cancelled(&mut self) -> wasmtime::Result<bool> {
        Ok(self.cancel.is_cancelled())
    }
}

pub(super) fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
