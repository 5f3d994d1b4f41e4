//! What the strategy once wrote, out of what was stored: decrypted, decompressed, compared.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::transfer::{CHUNK_SIZE, TransferProgress, altered, transfer_into};
use super::workspace::Workspace;
use crate::artifact::manifest::Contents;
use crate::artifact::{Fetched, codec, decryptor, read_error};
use crate::config::Codec;
use crate::error::Result;

/// Decodes a whole artifact. Without compression and encryption the file stays as it is.
pub(super) fn decode(
    workspace: &Workspace<'_>,
    mut stored: File,
    artifact: &Contents,
) -> Result<Fetched> {
    if artifact.compression == Codec::None && artifact.encryption.is_none() {
        return Ok(Fetched::whole(stored, artifact.raw_size));
    }
    stored.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let decrypted: Box<dyn Read + Send> = match artifact.encryption {
        None => Box::new(stored),
        Some(_) => {
            let key = workspace.config.strategy.artifact.encryption.as_ref();
            let buffered = BufReader::with_capacity(CHUNK_SIZE, stored);
            Box::new(decryptor(key, buffered)?)
        }
    };
    let mut decoded = codec::decoder(artifact.compression, decrypted).map_err(read_error)?;
    let raw = workspace.spool(artifact.raw_size)?;
    let progress = TransferProgress::new(workspace.job, artifact.raw_size);
    let (size, sha256) = transfer_into(&raw, &mut decoded, progress, artifact.raw_size)?;
    if (size, &sha256) != (artifact.raw_size, &artifact.raw_sha256) {
        return Err(altered(
            "what the artifact holds is not what the strategy wrote",
        ));
    }
    Ok(Fetched::whole(raw.file, size))
}
