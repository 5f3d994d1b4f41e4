//! Files for the entries of a zip: always stored.

use super::{artifact, files::File};
pub use crate::bindings::sidecar::strategy::deflate::Facts;
use crate::types::Result;

/// The mock host deflates nothing in advance, so there is no value of this type.
#[derive(Debug)]
pub enum Deflated {}

impl Deflated {
    /// Waits until it is done.
    pub fn facts(&self) -> Result<Facts> {
        match *self {}
    }
}

/// Always none: the strategy goes on with `append_file_deflated`.
pub fn prepare(_: &File, _length: u64, _level: u32) -> Result<Option<Deflated>> {
    Ok(None)
}

pub(crate) fn append_deflated(deflated: Deflated) -> Result<()> {
    match deflated {}
}

/// Stores the file at any level, which a host may do.
pub(crate) fn append_file_deflated(file: &File, length: u64, _level: u32) -> Result<Facts> {
    let appended = artifact::append_file(file, length)?;
    let mut content = file.content.clone();
    content.resize(length as usize, 0);
    Ok(Facts {
        method: "stored".to_owned(),
        crc32: crc32(&content),
        length,
        compressed_length: length,
        short: appended.short,
    })
}

/// The checksum of zip.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
