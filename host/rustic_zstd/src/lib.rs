//! What `rustic_core` 0.13 calls of `zstd` 0.13, done by `zstd` 0.14 with contexts that a thread uses again.
//!
//! `rustic_core` compresses each blob on its own. The published functions make a context for each, sized for an input of
//! unknown length: megabytes to map and to clear for a file of a few kilobytes. Here the length is known, and a thread
//! keeps its context. The frames are ordinary ones that record their length, as those of restic do.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io;

use zstd_current::bulk::{Compressor, Decompressor};
pub use zstd_current::compression_level_range;

pub use crate::stream::{decode_all, encode_all};

/// Bytes that a frame may say it has before they are believed; no blob has more.
const LARGEST: u64 = 64 << 20;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The context of this thread.
fn context<T>(
    of_thread: &mut Option<T>,
    new: impl FnOnce() -> io::Result<T>,
) -> io::Result<&mut T> {
    match of_thread {
        Some(context) => Ok(context),
        None => Ok(of_thread.insert(new()?)),
    }
}

/// The functions, where `rustic_core` looks for them.
pub mod stream {
    use super::{COMPRESSOR, Compressor, DECOMPRESSOR, Decompressor, LARGEST, context, io};

    /// One frame with all of `data`, at a level of zstd's.
    pub fn encode_all(data: &[u8], level: i32) -> io::Result<Vec<u8>> {
        COMPRESSOR.with_borrow_mut(|of_thread| {
            let compressor = context(of_thread, || Compressor::new(level))?;
            compressor.set_compression_level(level)?;
            compressor.compress(data)
        })
    }

    /// Appends one frame with all of `data`.
    pub fn copy_encode(data: &[u8], to: &mut Vec<u8>, level: i32) -> io::Result<()> {
        to.extend(encode_all(data, level)?);
        Ok(())
    }

    /// What the frames in `data` hold.
    pub fn decode_all(data: &[u8]) -> io::Result<Vec<u8>> {
        let size = zstd_current::stream::decompressed_size(data).filter(|size| *size <= LARGEST);
        let known = size.and_then(|size| {
            DECOMPRESSOR.with_borrow_mut(|of_thread| {
                let decompressor = context(of_thread, Decompressor::new).ok()?;
                decompressor.decompress(data, size as usize).ok()
            })
        });
        // Several frames, one that does not say its length, or a damaged one, which is told here.
        known.map_or_else(|| zstd_current::stream::decode_all(data), Ok)
    }
}
