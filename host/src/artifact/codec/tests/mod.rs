#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod failure;
mod formats;

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use super::*;

pub(super) const ALL: [Codec; 4] = [Codec::Gz, Codec::Bz2, Codec::Xz, Codec::Zst];

/// Half of it cannot be compressed: 64 KiB of noise, 64 KiB of rows, and so on.
pub(super) fn mixed(length: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(length + (128 << 10));
    let mut row = 0_u64;
    while data.len() < length {
        data.extend(noise(64 << 10, data.len() as u64));
        let end = data.len() + (64 << 10);
        while data.len() < end {
            row += 1;
            writeln!(
                data,
                "{row}\tuser{}\tactive\t2023-12-01 03:00:00+00\t\\N",
                row % 10007 * 7919 % 10007
            )
            .unwrap();
        }
    }
    data.truncate(length);
    data
}

/// Incompressible bytes (xorshift64*).
pub(super) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut data = Vec::with_capacity(length + 8);
    while data.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        data.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    data.truncate(length);
    data
}

/// Fast levels: what is tested here does not depend on them.
pub(super) fn fast(codec: Codec) -> Compression {
    let level = codec.levels().map(|levels| *levels.start());
    Compression { codec, level }
}

pub(super) fn compress(compression: Compression, data: &[u8]) -> Vec<u8> {
    let mut encoder = encoder(compression, Vec::new()).unwrap();
    for piece in data.chunks(256 << 10) {
        encoder.write_all(piece).unwrap();
    }
    encoder.finish().unwrap()
}

pub(super) fn decompress(codec: Codec, packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    decoder(codec, Box::new(io::Cursor::new(packed.to_vec())))?.read_to_end(&mut data)?;
    Ok(data)
}

/// What the stock tool makes of `packed`, or nothing when it complains.
/// `None` where there is no such tool.
pub(super) fn stock_tool(codec: Codec, packed: &[u8]) -> Option<Option<Vec<u8>>> {
    let tool = match codec {
        Codec::None => return None,
        Codec::Gz => "gzip",
        Codec::Bz2 => "bzip2",
        Codec::Xz => "xz",
        Codec::Zst => "zstd",
    };
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(packed).unwrap();
    io::Seek::rewind(&mut file).unwrap();
    match Command::new(tool)
        .arg("-dc")
        .stdin(file)
        .stderr(Stdio::null())
        .output()
    {
        Ok(output) => Some(output.status.success().then_some(output.stdout)),
        Err(error) => {
            eprintln!("skipped: {tool}: {error}");
            None
        }
    }
}

/// A sink that can be looked into while the encoder has it.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
