//! Zstandard, by its own threads.

use std::io::{self, Write};

use zstd::stream::write::Encoder;
use zstd::zstd_safe::CParameter;

use super::threads;

/// Bytes of input that one thread takes at a time. The library's choice is four windows (8 MiB at
/// level 3): four times the memory, and fewer bytes only where data repeats itself across megabytes
/// (5 % in the worst case measured, none on rows and source code). A long window needs it, though.
const JOB: u32 = 2 << 20;
const LAST_LEVEL_OF_JOB: u32 = 9;

pub(super) type Zst<W> = Encoder<'static, W>;

pub(super) fn encoder<W: Write>(level: u32, sink: W) -> io::Result<Zst<W>> {
    let mut encoder = Encoder::new(sink, i32::try_from(level).unwrap_or_default())?;
    encoder.include_checksum(true)?;
    encoder.multithread(u32::try_from(threads::cores()).unwrap_or(1))?;
    if level <= LAST_LEVEL_OF_JOB {
        encoder.set_parameter(CParameter::JobSize(JOB))?;
    }
    Ok(encoder)
}
