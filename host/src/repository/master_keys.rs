//! The keys of repositories that this process has opened. To find one by its password takes 32 MiB of
//! memory for a moment: once is enough.

use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::Mutex;
use rustic_core::Credentials;
use rustic_core::repofile::MasterKey;

use crate::config::Secret;
use crate::digest::Digest;

static KNOWN: LazyLock<Mutex<HashMap<String, MasterKey>>> = LazyLock::new(Mutex::default);

/// Names a key: by the repository's own file that is encrypted with it, and the password.
pub(super) fn name(config: &[u8], password: &Secret) -> String {
    let password = Digest::of_bytes(password.reveal().as_bytes());
    format!("{} {password}", Digest::of_bytes(config))
}

/// What opens the repository with the least effort.
pub(super) fn credentials(name: &str, password: &Secret) -> Credentials {
    match KNOWN.lock().get(name) {
        Some(key) => Credentials::Masterkey(key.clone()),
        None => Credentials::password(password.reveal()),
    }
}

/// Remembers a key that has opened its repository.
pub(super) fn remember(name: String, key: MasterKey) {
    KNOWN.lock().insert(name, key);
}
