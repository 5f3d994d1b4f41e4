//! Words that cannot be guessed, and what is remembered of them: their digest opens nothing.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// 64 hexadecimal digits, of which 244 bits are random.
pub(super) fn new() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// What is remembered.
pub(super) fn digest(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}
