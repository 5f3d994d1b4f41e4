//! Any range of an encrypted artifact can be decrypted alone, with nothing behind its own chunks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Cursor, Seek as _, SeekFrom};

use age::secrecy::ExposeSecret as _;
use age::x25519;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::artifact::damaged::damaged;
use crate::artifact::encrypt_small;

/// A key in a file, and bytes that were encrypted for it.
#[derive(Debug)]
struct EncryptedFile {
    reading: Encryption,
    bytes: Vec<u8>,
    _key: tempfile::NamedTempFile,
}

fn encrypted(bytes: &[u8]) -> EncryptedFile {
    let identity = x25519::Identity::generate();
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), identity.to_string().expose_secret()).unwrap();
    EncryptedFile {
        reading: Encryption {
            recipients: Vec::new(),
            passphrase: None,
            identity_file: Some(key.path().to_owned()),
        },
        bytes: encrypt_small(&[identity.to_public().to_string()], bytes).unwrap(),
        _key: key,
    }
}

/// As the contents of a file repeat, and do not.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let borders = prop::sample::select(vec![0usize, 1, 65_535, 65_536, 65_537, 131_072, 200_000]);
    (borders, vec(any::<u8>(), 0..300)).prop_map(|(size, end)| {
        let mut all: Vec<u8> = (0..size).map(|at| (at / 7) as u8).collect();
        all.extend(end);
        all
    })
}

proptest! {
    #[test]
    fn a_range_needs_its_own_chunks_alone(
        contents in contents(), from in any::<Index>(), to in any::<Index>()
    ) {
        let encrypted = encrypted(&contents);
        let mut range = [from, to].map(|place| place.index(contents.len() + 1));
        range.sort_unstable();
        let [from, to] = range;
        let mut source = Cursor::new(&encrypted.bytes);
        let reading = Some(&encrypted.reading);
        drop(decryptor(reading, &mut source).unwrap());
        let start = source.position();
        let end = encrypted_end(start, to as u64).min(encrypted.bytes.len() as u64);
        // What lies behind is never looked at: it may be anything.
        let mut known = encrypted.bytes.clone();
        known[end as usize..].fill(0);
        let mut reader = decryptor(reading, Cursor::new(known)).unwrap();
        reader.seek(SeekFrom::Start(from as u64)).unwrap();
        let mut found = vec![0; to - from];
        reader.read_exact(&mut found).unwrap();
        prop_assert!(found == contents[from..to]);
    }

    #[test]
    fn changed_bytes_are_an_error_or_what_was_encrypted(
        (contents, encrypted, changed) in contents().prop_flat_map(|contents| {
            let encrypted = std::sync::Arc::new(encrypted(&contents));
            let changed = damaged(encrypted.bytes.clone());
            (Just(contents), Just(encrypted), changed)
        })
    ) {
        let mut found = Vec::new();
        let read = decryptor(Some(&encrypted.reading), Cursor::new(&changed))
            .map(|mut reader| reader.read_to_end(&mut found));
        prop_assert!(contents.starts_with(&found));
        if matches!(read, Ok(Ok(_))) {
            prop_assert!(found == contents);
        }
    }

    #[test]
    fn the_end_of_a_chunk_is_no_smaller_than_its_start(start in 0u64..1 << 40, position in any::<u64>()) {
        prop_assert!(encrypted_end(start, position) >= start);
    }
}
