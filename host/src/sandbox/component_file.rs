//! The file of a component, which may be any file of a stranger.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a component at most: a Python module with its interpreter has 18 MB.
const LARGEST: u64 = 128 << 20;

/// Reads a component's file, unless it is larger than any component.
pub fn read_component(path: &Path) -> io::Result<Vec<u8>> {
    let mut wasm = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut wasm)?;
    match wasm.len() as u64 > LARGEST {
        true => Err(io::Error::other(format!(
            "it has more than {} MiB, which no component needs",
            LARGEST >> 20
        ))),
        false => Ok(wasm),
    }
}
