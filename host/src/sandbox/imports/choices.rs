//! Interface `choices`: what the operator decided about a restore.

use crate::sandbox::bindings::restorer::sidecar::strategy::choices::Host;
use crate::sandbox::state::State;

impl Host for State {
    fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.choices.id.clone())
    }

    fn purpose(&mut self) -> wasmtime::Result<String> {
        Ok(self.choices.purpose.word().to_owned())
    }

    fn accepted(&mut self, word: String) -> wasmtime::Result<bool> {
        Ok(self.choices.accepted.contains(&word))
    }

    fn wait(&mut self) -> wasmtime::Result<u32> {
        Ok(self.choices.wait.as_secs().try_into().unwrap_or(u32::MAX))
    }
}
