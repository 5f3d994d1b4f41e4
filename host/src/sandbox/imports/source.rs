//! Interface `source`: the backup that is being read back.

use super::commands::CommandRequest;
use crate::artifact::Fetched;
use crate::command::{Stdin, Stdout};
use crate::error::Result;
use crate::sandbox::bindings::restorer::sidecar::strategy::source::Host;
use crate::sandbox::bindings::strategy::sidecar::strategy::commands::{Command, Finished};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::{State, in_preflight, no_restore};

/// The most bytes of one `read`.
const LARGEST_READ: usize = 1 << 20;

impl Host for State {
    fn size(&mut self) -> wasmtime::Result<u64> {
        Ok(self.source().map_or(0, Fetched::size))
    }

    fn read(&mut self, offset: u64, length: u32) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let most = LARGEST_READ.min(length as usize);
        let read = self.source().and_then(|source| source.read(offset, most));
        self.answer(read)
    }

    fn feed(
        &mut self,
        command: Command,
        offset: u64,
        length: u64,
    ) -> wasmtime::Result<Result<Finished, Failure>> {
        let range = self
            .source()
            .and_then(|source| source.range(offset, length));
        let finished = range.and_then(|mut range| {
            self.execute(
                CommandRequest::from(&command),
                Stdin::From(&mut range),
                Stdout::Log,
            )
        });
        self.answer(finished)
    }

    fn lay_out(&mut self, offset: u64, length: u64) -> wasmtime::Result<Result<(), Failure>> {
        let range = self
            .source()
            .and_then(|source| source.range(offset, length));
        let laid = match self.looks_only {
            true => Err(in_preflight()),
            false => range.and_then(|range| self.temp_dump.lay_out(range, &self.cancel)),
        };
        self.answer(laid)
    }
}

impl State {
    pub(super) fn source(&self) -> Result<&Fetched> {
        let restoring = self.restoring.as_ref();
        restoring
            .map(|restoring| &restoring.source)
            .ok_or_else(no_restore)
    }
}
