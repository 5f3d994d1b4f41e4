//! Moving bytes while the run may be cancelled.

use std::io::{Read, Write};

use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// What is copied between two looks at the cancel signal.
const CHUNK_SIZE: usize = 256 << 10;

/// Moves everything from `from` to `to`. Returns the number of bytes.
pub(super) fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    cancel: &Cancel,
    wrong: impl Fn(std::io::Error) -> Error,
) -> Result<u64> {
    let mut buffer = vec![0; CHUNK_SIZE];
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
