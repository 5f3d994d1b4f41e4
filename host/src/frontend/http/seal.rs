//! What only this process could have written, and only it can read: it may lie in a browser until it is needed.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::secret_id::{self, digest};

/// A key of this process, which ends with it.
pub(super) struct Seal {
    key: [u8; 32],
    /// Nonces of one key must differ.
    next: AtomicU64,
}

impl Seal {
    pub(super) fn new() -> Self {
        Self {
            key: digest(&secret_id::new()),
            next: AtomicU64::default(),
        }
    }

    /// In characters that a cookie may have.
    pub(super) fn close(&self, text: &[u8]) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        nonce[NONCE_LEN - 8..].copy_from_slice(&number.to_be_bytes());
        let mut sealed = text.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut sealed,
            )
            .ok()?;
        Some(BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// None of what was altered, or closed by another process.
    pub(super) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.cipher()?.open_in_place(nonce, Aad::empty(), sealed);
        opened.ok().map(|text| text.to_vec())
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.key).ok()?;
        Some(LessSafeKey::new(key))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_was_closed_is_opened_by_the_same_process_and_unaltered() {
        let (seal, other) = (Seal::new(), Seal::new());
        let closed = seal.close(b"nonce").unwrap();
        assert_ne!(closed, seal.close(b"nonce").unwrap());
        assert_eq!(seal.open(&closed).unwrap(), b"nonce");
        assert_eq!(other.open(&closed), None);
        for at in 0..closed.len() {
            let mut altered = closed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(seal.open(&altered), None, "{altered}");
        }
        for nonsense in ["", "AAAA", "!", &closed[1..]] {
            assert_eq!(seal.open(nonsense), None, "{nonsense}");
        }
    }
}
