//! Decryption by `age`, with the key that the configuration names for reading backups back.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use age::stream::StreamReader;
use age::{DecryptError, Decryptor, Identity, IdentityFile, scrypt};

use super::read_error::read_error;
use crate::config::Encryption;
use crate::error::{Error, Kind, Result};

/// Bytes of a chunk as it was, and as it is encrypted. Any chunk can be decrypted without the others.
const CHUNK: (u64, u64) = (64 << 10, (64 << 10) + 16);

/// Where the encrypted bytes of everything before `position` end, if the chunks begin at `start`.
pub fn encrypted_end(start: u64, position: u64) -> u64 {
    let chunks = position.div_ceil(CHUNK.0);
    start.saturating_add(chunks.saturating_mul(CHUNK.1))
}

/// Reads what `source` holds, decrypted. It can seek if the source can.
/// An altered, cut off or foreign source is an error of verification, here or when it is read.
pub fn decryptor<R: Read>(encryption: Option<&Encryption>, source: R) -> Result<StreamReader<R>> {
    let identities = identities(encryption)?;
    let decryptor = Decryptor::new(source).map_err(failed)?;
    let identities = identities
        .iter()
        .map(|identity| &**identity as &dyn Identity);
    decryptor.decrypt(identities).map_err(failed)
}

fn identities(encryption: Option<&Encryption>) -> Result<Vec<Box<dyn Identity + Send + Sync>>> {
    let encryption = encryption.ok_or_else(no_key)?;
    if let Some(passphrase) = &encryption.passphrase {
        let passphrase = passphrase.reveal().to_owned().into();
        return Ok(vec![Box::new(scrypt::Identity::new(passphrase))]);
    }
    let path = encryption.identity_file.as_deref().ok_or_else(no_key)?;
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    IdentityFile::from_buffer(BufReader::new(file))
        .map_err(|error| unreadable(path, &error))?
        .into_identities()
        .map_err(|error| unreadable(path, &error))
}

fn failed(error: DecryptError) -> Error {
    match error {
        DecryptError::NoMatchingKeys
        | DecryptError::KeyDecryptionFailed
        | DecryptError::DecryptionFailed
        | DecryptError::ExcessiveWork { .. } => Error::new(
            Kind::Config,
            "wrong-key",
            format!("the backup cannot be decrypted with the configured key: {error}"),
        )
        .hint("name the private key of one of its recipients (`sidecar list --json` shows them) under strategy.artifact.encryption.age.identity_file, or the passphrase that it was made with under passphrase"),
        DecryptError::Io(error) => read_error(error),
        error => Error::new(
            Kind::Verification,
            "damaged",
            format!("the backup is no encrypted file any more: {error}"),
        )
        .hint("do not restore it: take another backup (`sidecar list`)"),
    }
}

fn no_key() -> Error {
    Error::new(
        Kind::Config,
        "no-key",
        "the backup is encrypted, and the configuration names no key to read it",
    )
    .hint("add `identity_file`, the file that `age-keygen` wrote, under strategy.artifact.encryption.age; keep it off machines that only take backups")
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Kind::Config,
        "bad-key",
        format!(
            "{} cannot be used as a private key of age: {error}",
            path.display()
        ),
    )
    .hint("it must be the file that `age-keygen` wrote, readable by the sidecar")
}

#[cfg(test)]
#[path = "tests/encrypted_ranges.rs"]
mod properties;
