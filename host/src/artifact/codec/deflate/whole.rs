//! A small file, whole in memory, by libdeflate.

use std::io::{self, Read};

use libdeflater::{CompressionError, CompressionLvl, Compressor};

use super::{EntryMethod, Facts, fill};

/// The compressor of the level that was used last.
pub(super) type WholeCompressor = Option<(u32, Compressor)>;

/// Reads `length` bytes and deflates them, unless that makes them no fewer.
pub(super) fn deflate(
    last_used: &mut WholeCompressor,
    mut file: impl Read,
    length: u64,
    level: u32,
) -> io::Result<(Facts, Vec<u8>)> {
    let mut input = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let from_file = fill(&mut file, &mut input)? as u64;
    let crc32 = libdeflater::crc32(&input);
    let (method, bytes) = match compress(last_used, &input, level)? {
        Some(bytes) => (EntryMethod::Deflated, bytes),
        None => (EntryMethod::Stored, input),
    };
    let facts = Facts {
        method,
        crc32,
        length,
        compressed_length: bytes.len() as u64,
        from_file,
    };
    Ok((facts, bytes))
}

fn compress(
    last_used: &mut WholeCompressor,
    input: &[u8],
    level: u32,
) -> io::Result<Option<Vec<u8>>> {
    if level == 0 || input.is_empty() {
        return Ok(None);
    }
    let compressor = match last_used {
        Some((of, compressor)) if *of == level => compressor,
        other => {
            let known = CompressionLvl::new(level as i32).unwrap_or_default();
            &mut other.insert((level, Compressor::new(known))).1
        }
    };
    // No room for a single byte more than it may take.
    let mut bytes = vec![0; input.len() - 1];
    match compressor.deflate_compress(input, &mut bytes) {
        Ok(length) => {
            bytes.truncate(length);
            bytes.shrink_to_fit();
            Ok(Some(bytes))
        }
        Err(CompressionError::InsufficientSpace) => Ok(None),
    }
}
