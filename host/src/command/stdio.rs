//! Where a command's input comes from, and where its output goes.

use std::io::Read;

use crate::error::Result;

/// Where a command's standard input comes from.
pub enum Stdin<'a> {
    /// It has none.
    Nothing,
    /// All that this has, as fast as the command takes it. It need not take all.
    From(&'a mut dyn Read),
}

/// Where a command's stdout goes. Its stderr is always logged.
pub enum Stdout<'a> {
    /// Line by line into the log.
    Log,
    /// Byte for byte, until the last process that can write to it has ended.
    Into(&'a mut dyn Sink),
}

/// Takes bytes in buffers of its own, so that they go from the pipe to where they are needed
/// without being copied on the way.
///
/// Both may wait; they must stop waiting when the run is cancelled. An error ends the command, and
/// is what [`Command::run`] returns.
pub trait Sink {
    /// The buffer to append to: within its capacity, which leaves room for at least one byte.
    fn room(&mut self) -> Result<&mut Vec<u8>>;

    /// The buffer is full, or nothing more came for 2 ms: hand on what is in it.
    /// Not called at the end, so that the next command's bytes may share the buffer.
    fn flush(&mut self) -> Result<()>;
}
