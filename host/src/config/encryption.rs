//! `strategy.artifact.encryption`: by age.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::{self, Secret};
use super::section_reader::SectionReader;

/// What only the holder of a key can read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Encryption")]
pub(super) struct RawEncryption {
    pub(super) age: RawAge,
}

/// Encryption by `age`: the stock program can decrypt the artifact.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Age")]
#[expect(
    dead_code,
    reason = "the passphrase is read key by key, so that one message serves all secrets"
)]
pub(super) struct RawAge {
    /// Public keys; the holder of any of them can decrypt.
    #[schemars(length(min = 1), extend("examples" = [["age1…"]]))]
    pub(super) recipients: Option<Vec<RawRecipient>>,
    /// Instead of keys: it decrypts as well as it encrypts. Keys are better for machines.
    #[schemars(extend("writeOnly" = true))]
    pub(super) passphrase: Option<String>,
    /// A file with the passphrase.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/age.passphrase"]))]
    pub(super) passphrase_file: Option<String>,
    /// The private key, only where backups are read back.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/age.key"]))]
    pub(super) identity_file: Option<String>,
}

/// A public key of age. What is not one may be the private key: it is not repeated.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Recipient",
    title = "public key of age (see age-keygen)",
    extend(
        "pattern" = "^age1[02-9ac-hj-np-z]{58}$",
        "writeOnly" = true,
        "examples" = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
    )
)]
pub(super) struct RawRecipient(pub(super) String);

/// `strategy.artifact.encryption`: by age.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// Public keys ("age1…"): the holder of any of them can decrypt. Empty with a passphrase.
    pub recipients: Vec<String>,
    /// Its holder can decrypt.
    pub passphrase: Option<Secret>,
    /// The private key, only where backups are read back.
    pub identity_file: Option<PathBuf>,
}

pub(super) fn read(reader: &mut SectionReader<'_>, raw: RawEncryption) -> Encryption {
    let at = "/strategy/artifact/encryption/age";
    let keys = raw.age.recipients;
    let has_passphrase = secret::is_given(reader, at, "passphrase");
    if has_passphrase == keys.is_some() {
        reader.key_problem(
            at,
            "either `recipients` or `passphrase` decides who can decrypt",
            "keep one of the two: `recipients: [age1…]` is better for machines",
        );
    }
    let passphrase = has_passphrase
        .then(|| secret::read(reader, at, "passphrase"))
        .flatten();
    let identity_file = raw.age.identity_file;
    Encryption {
        recipients: keys.into_iter().flatten().map(|key| key.0).collect(),
        passphrase: passphrase.map(|(_, passphrase)| passphrase),
        identity_file: identity_file.map(|file| reader.environment.absolute(file)),
    }
}
