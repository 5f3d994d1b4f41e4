//! The file of a component, which may be any file of a stranger.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::container_memory::container_memory;

/// Bytes of a component at most: a Python module with its interpreter has 18 MB.
const LARGEST: u64 = 128 << 20;
/// What part of a small container's memory it may take: it is there three times while it is compiled.
const SHARE: u64 = 8;

/// Reads a component's file, unless it is larger than any component, or than this container can compile.
pub fn read_component(path: &Path) -> io::Result<Vec<u8>> {
    read_up_to(path, LARGEST.min(container_memory() / SHARE))
}

fn read_up_to(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    // Room for all of it at once: a vector that grows is there twice.
    let mut wasm = Vec::with_capacity(length.min(largest) as usize + 1);
    file.take(largest + 1).read_to_end(&mut wasm)?;
    if wasm.len() as u64 <= largest {
        return Ok(wasm);
    }
    let mib = largest >> 20;
    Err(io::Error::other(match largest == LARGEST {
        true => format!("it has more than {mib} MiB, which no component needs"),
        false => format!(
            "it has more than {mib} MiB, which is what this container has memory to compile"
        ),
    }))
}
