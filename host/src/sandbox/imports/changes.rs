//! Interface `changes`: whether a file is still what was opened.

use rustix::fs::fstat;
use wasmtime::component::Resource;

use crate::artifact::file_tree::change;
use crate::sandbox::bindings::observant::sidecar::strategy::changes::Host;
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
}
