//! Interface `changes`: whether a file is still what was opened, or listed.

use rustix::fs::fstat;
use wasmtime::component::Resource;

use crate::artifact::file_tree::change;
use crate::paths::path_of;
use crate::sandbox::bindings::observant::sidecar::strategy::changes::Host;
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::State;
use crate::sandbox::state::open_file::OpenFile;

impl Host for State {
    fn since_opened(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<Option<String>> {
        let file = self.table.get(&file)?;
        if file.read_at_once {
            return Ok(None);
        }
        // What cannot be asked any more has been read without an error.
        let now = fstat(&file.file).ok();
        let change = now.and_then(|now| change(&file.facts, &now));
        Ok(change.map(str::to_owned))
    }

    fn append_unchanged(
        &mut self,
        path: Vec<u8>,
        header: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, Failure>> {
        let Some(file) = self.read_ahead.take_plain(path_of(&path)) else {
            return Ok(Ok(false));
        };
        let written = self.artifact().and_then(|artifact| {
            artifact.write(&header)?;
            artifact.write(&file.content)
        });
        self.answer(written.map(|()| true))
    }
}
