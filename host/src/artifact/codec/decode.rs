//! The way back: for verifying, fetching and restoring.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use crate::config::Codec;

const BUFFER: usize = 256 << 10;
/// What a stream may ask to be kept of what it has said: the highest levels ask for 64 MiB (xz) and 128 MiB (zst),
/// and the formats let a few bytes of a stranger ask for gigabytes.
const XZ_MEMORY: u64 = 128 << 20;
const ZST_WINDOW_LOG: u32 = 27;

/// Reads what `source` holds, decompressed. Streams that follow each other are one.
/// A source that is cut off, altered, empty, or followed by anything else is an error.
pub fn decoder(codec: Codec, source: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    Ok(match codec {
        Codec::None => source,
        Codec::Gz => Box::new(MultiGzDecoder::new(buffered(source))),
        Codec::Bz2 => Box::new(MultiBzDecoder::new(buffered(source))),
        Codec::Xz => {
            let bounded = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
            Box::new(XzDecoder::new_stream(buffered(source), bounded))
        }
        Codec::Zst => {
            let mut bounded = zstd::stream::read::Decoder::with_buffer(buffered(source))?;
            bounded.window_log_max(ZST_WINDOW_LOG)?;
            Box::new(bounded)
        }
    })
}

fn buffered(source: Box<dyn Read + Send>) -> impl BufRead + Send {
    BufReader::with_capacity(
        BUFFER,
        NotEmpty {
            source,
            begun: false,
        },
    )
}

/// No codec compresses nothing to no bytes, but not every decoder minds.
struct NotEmpty {
    source: Box<dyn Read + Send>,
    begun: bool,
}

impl Read for NotEmpty {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        if length == 0 && !self.begun {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "there is no compressed stream",
            ));
        }
        self.begun = true;
        Ok(length)
    }
}
