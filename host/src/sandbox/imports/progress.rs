//! Interface `progress`: what the operator sees of a run.

use crate::sandbox::bindings::strategy::sidecar::strategy::progress::Host;
use crate::sandbox::bounds;
use crate::sandbox::state::State;

impl Host for State {
    fn log(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        self.output.log(&level, &message);
        Ok(())
    }

    fn report(
        &mut self,
        done: u64,
        total: Option<u64>,
        note: Option<String>,
    ) -> wasmtime::Result<()> {
        let note = note.as_deref().map(bounds::note);
        self.reporter.report(done, total, note.as_deref());
        Ok(())
    }

    fn is_cancelled(&mut self) -> wasmtime::Result<bool> {
        Ok(self.cancel.is_cancelled())
    }
}
