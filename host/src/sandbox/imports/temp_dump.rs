//! Interface `temp-dump`: the file or FIFO at `SIDE_CAR_TEMP_DUMP`.

use crate::error::Result;
use crate::sandbox::bindings::strategy::sidecar::strategy::temp_dump::Host;
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::{State, in_preflight};

impl Host for State {
    fn prepare(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        let prepared = match self.looks_only {
            true => Err(in_preflight()),
            false => self.temp_dump.prepare(&mut self.artifact, &self.cancel),
        };
        self.answer(prepared)
    }

    fn collect(&mut self) -> wasmtime::Result<Result<u64, Failure>> {
        let collected = collect(self).and_then(|bytes| self.temp_dump.not_empty(bytes));
        self.answer(collected)
    }
}

fn collect(state: &mut State) -> Result<u64> {
    if let Some(ended) = state.temp_dump.end_fifo() {
        let (artifact, read) = ended?;
        state.artifact = Some(artifact);
        return read;
    }
    let missing = state.no_artifact();
    let artifact = state.artifact.as_mut().ok_or(missing)?;
    state.temp_dump.take_file(artifact, &state.cancel)
}
