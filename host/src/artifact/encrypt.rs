//! Encryption by `age`: the stock program can decrypt what comes out.

use std::io::Write as _;

use age::{Encryptor, scrypt, x25519};

use crate::config::Encryption;
use crate::error::{Error, Kind, Result};

/// A new encryption of one artifact, for all that may read it.
pub(super) fn encryptor(encryption: &Encryption) -> Result<Encryptor> {
    if let Some(passphrase) = &encryption.passphrase {
        let passphrase = passphrase.reveal().to_owned().into();
        return for_all(&[scrypt::Recipient::new(passphrase)]);
    }
    let recipients = encryption.recipients.iter().map(|key| {
        key.parse::<x25519::Recipient>()
            .map_err(|error| invalid(key, error))
    });
    for_all(&recipients.collect::<Result<Vec<_>>>()?)
}

fn for_all(recipients: &[impl age::Recipient]) -> Result<Encryptor> {
    let all = recipients
        .iter()
        .map(|recipient| recipient as &dyn age::Recipient);
    Encryptor::with_recipients(all).map_err(|error| {
        Error::run(
            "encryption-start",
            format!("cannot start to encrypt: {error}"),
        )
    })
}

fn invalid(key: &str, error: &str) -> Error {
    Error::new(
        Kind::Config,
        "bad-recipient",
        format!("{key} is not a public key of age: {error}"),
    )
    .hint("write the line \"age1…\" that `age-keygen` prints")
}

/// Encrypts a few bytes for the holders of these keys.
pub fn encrypt_small(recipients: &[String], bytes: &[u8]) -> Result<Vec<u8>> {
    let encryption = Encryption {
        recipients: recipients.to_vec(),
        passphrase: None,
        identity_file: None,
    };
    let encrypted = encryptor(&encryption)?.wrap_output(Vec::new());
    let encrypted = encrypted.and_then(|mut to| {
        to.write_all(bytes)?;
        to.finish()
    });
    encrypted.map_err(|error| Error::run("encryption", format!("cannot encrypt: {error}")))
}
