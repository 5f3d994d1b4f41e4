//! Restic's encryption of small files: a nonce, the text by AES-256 in counter mode, and its Poly1305-AES tag.

use aes256ctr_poly1305aes::aead::AeadInPlace;
use aes256ctr_poly1305aes::{Aes256CtrPoly1305Aes, Key, Nonce, Tag};
use rustic_core::repofile::MasterKey;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Bytes of the nonce in front, and of the tag behind.
const BLOCK: usize = 16;

/// Encrypts a text.
pub(super) fn seal(mut text: Vec<u8>, key: &Key) -> Result<Vec<u8>> {
    // All that a nonce has to be is never the same again.
    let nonce = Nonce::from(Uuid::now_v7().into_bytes());
    let tag = Aes256CtrPoly1305Aes::new(key)
        .encrypt_in_place_detached(&nonce, &[], &mut text)
        .map_err(|_| unusable())?;
    Ok([nonce.as_slice(), &text, tag.as_slice()].concat())
}

/// The text; none if another key has encrypted it, or it was altered.
pub(super) fn open(bytes: &[u8], key: &Key) -> Option<Vec<u8>> {
    let (nonce, rest) = bytes.split_at_checked(BLOCK)?;
    let (text, tag) = rest.split_at_checked(rest.len().checked_sub(BLOCK)?)?;
    let mut text = text.to_vec();
    let (nonce, tag) = (Nonce::from_slice(nonce), Tag::from_slice(tag));
    let opened =
        Aes256CtrPoly1305Aes::new(key).decrypt_in_place_detached(nonce, &[], &mut text, tag);
    opened.ok().map(|()| text)
}

/// The three parts of a key, as the cipher takes them.
pub(super) fn key(encrypt: &[u8], k: &[u8], r: &[u8]) -> Result<Key> {
    let parts = [encrypt, k, r].concat();
    match parts.len() == Key::default().len() {
        true => Ok(*Key::from_slice(&parts)),
        false => Err(unusable()),
    }
}

/// That of a whole repository.
pub(super) fn master(key: &MasterKey) -> Result<Key> {
    self::key(&key.encrypt, &key.mac.k, &key.mac.r)
}

fn unusable() -> Error {
    Error::run("internal", "the repository's key cannot be used")
}
