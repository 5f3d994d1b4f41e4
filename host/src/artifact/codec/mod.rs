//! Compression by the host: all cores, memory that does not grow with the artifact, formats that
//! the stock tools read.
//!
//! An [`Encoder`] is a [`Write`] between two stages of the pipeline: what it is given leaves it
//! compressed, in order, through the sink below it. Until [`Encoder::finish`] the sink holds a
//! stream that every decoder calls broken, so a run that failed can never look like a small one.

mod blocks;
mod bz2;
mod decode;
pub mod deflate;
mod gz;
mod memory;
#[cfg(test)]
mod tests;
mod threads;
mod xz;
mod zst;

use std::io::{self, Write};

pub use decode::decoder;

use crate::config::{Codec, Compression};
use crate::error::{Error, Kind, Result};

/// The level of `codec` where the operator names none: that of its stock tool.
fn default_level(codec: Codec) -> u32 {
    match codec {
        Codec::None => 0,
        Codec::Gz | Codec::Xz => 6,
        Codec::Bz2 => 9,
        Codec::Zst => 3,
    }
}

/// The level to work with. One that the codec does not know is the error "compression-level".
fn level(compression: Compression) -> Result<u32> {
    let Some(level) = compression.level else {
        return Ok(default_level(compression.codec));
    };
    match compression.codec.levels() {
        Some(levels) if !levels.contains(&level) => Err(Error::new(
            Kind::Config,
            "compression-level",
            format!(
                "{} has no compression level {level}",
                name(compression.codec)
            ),
        )
        .hint(format!("use {} to {}", levels.start(), levels.end()))),
        _ => Ok(level),
    }
}

/// The word in the configuration.
fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::None => "none",
        Codec::Gz => "gz",
        Codec::Bz2 => "bz2",
        Codec::Xz => "xz",
        Codec::Zst => "zst",
    }
}

/// Compresses what is written to it into a sink. Dropping it ends its threads and writes nothing.
///
/// [`Write::flush`] compresses what has come so far without waiting for more, which costs ratio:
/// it is for a source that trickles while a client waits, not for every write.
pub struct Encoder<W: Write> {
    stage: Stage<W>,
    /// A stream with a gap in it must never get an end.
    failed: bool,
}

enum Stage<W: Write> {
    None(W),
    Blocks(blocks::Blocks<W>),
    Xz(xz::Xz<W>),
    Zst(zst::Zst<W>),
}

/// An encoder in front of `sink`, with its threads started.
pub fn encoder<W: Write>(compression: Compression, sink: W) -> Result<Encoder<W>> {
    let level = level(compression)?;
    let stage = match compression.codec {
        Codec::None => Ok(Stage::None(sink)),
        Codec::Gz => gz::encoder(level, sink).map(Stage::Blocks),
        Codec::Bz2 => bz2::encoder(level, sink).map(Stage::Blocks),
        Codec::Xz => xz::Xz::new(level, sink).map(Stage::Xz),
        Codec::Zst => zst::encoder(level, sink).map(Stage::Zst),
    };
    let stage = stage.map_err(|error| {
        Error::run(
            "compression-start",
            format!(
                "cannot start to compress with {}: {error}",
                name(compression.codec)
            ),
        )
        .hint("raise the container's limits on memory and processes, or choose a lower level")
        .caused_by(error)
    })?;
    Ok(Encoder {
        stage,
        failed: false,
    })
}

impl<W: Write> Encoder<W> {
    /// Writes the end of the stream and gives the sink back.
    pub fn finish(self) -> io::Result<W> {
        if self.failed {
            return Err(broken());
        }
        match self.stage {
            Stage::None(mut sink) => {
                sink.flush()?;
                Ok(sink)
            }
            Stage::Blocks(stage) => stage.finish(),
            Stage::Xz(stage) => stage.finish(),
            Stage::Zst(stage) => stage.finish(),
        }
    }

    fn guarded<T>(&mut self, work: impl FnOnce(&mut Stage<W>) -> io::Result<T>) -> io::Result<T> {
        if self.failed {
            return Err(broken());
        }
        let result = work(&mut self.stage);
        self.failed = result.is_err();
        result
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.guarded(|stage| match stage {
            // All at once: an interrupted write is retried below, and a failure is final.
            Stage::None(sink) => sink.write_all(bytes).map(|()| bytes.len()),
            Stage::Blocks(stage) => stage.write(bytes),
            Stage::Xz(stage) => stage.write(bytes),
            Stage::Zst(stage) => stage.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.guarded(|stage| match stage {
            Stage::None(sink) => sink.flush(),
            Stage::Blocks(stage) => stage.flush(),
            Stage::Xz(stage) => stage.flush(),
            Stage::Zst(stage) => stage.flush(),
        })
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier write to this compressed stream failed")
}
