//! bzip2: streams of one block each, as `pbzip2` makes them.

use std::io::{self, Write};

use bzip2::Compression;
use bzip2::write::BzEncoder;

use super::blocks::{Blocks, Compress};

pub(super) fn encoder<W: Write>(level: u32, sink: W) -> io::Result<Blocks<W>> {
    // What fits in one block of the format: level × 100 kB, less the 19 bytes it keeps back.
    let size = level as usize * 100_000 - 19;
    Blocks::new("bz2", size, sink, move || compress(Compression::new(level)))
}

fn compress(level: Compression) -> Compress {
    Box::new(move |block, output| {
        let mut encoder = BzEncoder::new(output, level);
        encoder.write_all(block)?;
        encoder.finish()?;
        Ok(())
    })
}
