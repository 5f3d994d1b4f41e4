//! Interface `source`: the backup that is being read back.

use std::io::{Read, Write};

use crate::artifact::Fetched;
use crate::cancel::Cancel;
use crate::command::{Stdin, Stdout};
use crate::error::{Error, Result};
use crate::sandbox::bindings::sidecar::strategy::commands::{Command, Finished};
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::restorer::sidecar::strategy::source::Host;
use crate::sandbox::run::State;

/// The most bytes of one `read`.
const LARGEST_READ: usize = 1 << 20;
/// What is copied between two looks at the cancel signal.
const PIECE: usize = 256 << 10;

impl Host for State {
    fn size(&mut self) -> wasmtime::Result<u64> {
        Ok(self.source().map_or(0, Fetched::size))
    }

    fn read(&mut self, offset: u64, length: u32) -> wasmtime::Result<Result<Vec<u8>, Failure>> {
        let most = LARGEST_READ.min(length as usize);
        let read = self.source().and_then(|source| source.read(offset, most));
        self.settle(read)
    }

    fn feed(
        &mut self,
        command: Command,
        offset: u64,
        length: u64,
    ) -> wasmtime::Result<Result<Finished, Failure>> {
        let piece = self
            .source()
            .and_then(|source| source.range(offset, length));
        let finished = piece
            .and_then(|mut piece| self.execute(&command, Stdin::From(&mut piece), Stdout::Log));
        self.settle(finished)
    }

    fn lay_out(&mut self, offset: u64, length: u64) -> wasmtime::Result<Result<(), Failure>> {
        let piece = self
            .source()
            .and_then(|source| source.range(offset, length));
        let laid = piece.and_then(|piece| self.temp_dump.lay_out(piece, &self.cancel));
        self.settle(laid)
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

/// Moves everything from `from` to `to`. Returns the number of bytes.
pub(super) fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    cancel: &Cancel,
    wrong: impl Fn(std::io::Error) -> Error,
) -> Result<u64> {
    let mut buffer = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        cancel.check()?;
        let read = from.read(&mut buffer).map_err(&wrong)?;
        if read == 0 {
            return Ok(bytes);
        }
        to.write_all(&buffer[..read]).map_err(&wrong)?;
        bytes += read as u64;
    }
}

pub(super) fn no_restore() -> Error {
    Error::run(
        "no-restore",
        "there is no backup here to be read: this is no restore",
    )
}
