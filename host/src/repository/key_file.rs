//! The file by which a password opens a repository. The library would make one that takes 136 MiB to open; this one
//! takes 32 MiB, as restic's own do.

use jiff::tz::TimeZone;
use rustic_core::RusticError;
use rustic_core::repofile::{KeyFile, MasterKey};

use super::sealed;
use crate::clock;
use crate::config::Secret;
use crate::error::{Error, Result};

/// Scrypt's N: with blocks of 1 KiB it takes that many of them.
const COST: u32 = 1 << 15;
/// Scrypt's r, in 128 bytes.
const BLOCK: u32 = 8;

/// A key for a new repository, and the file in which the password opens it.
pub(super) fn new(password: &Secret) -> Result<(MasterKey, Vec<u8>)> {
    let master = MasterKey::new();
    let name = rustix::system::uname();
    let mut file = KeyFile {
        hostname: Some(name.nodename().to_string_lossy().into_owned()),
        username: Some("sidecar".to_owned()),
        created: Some(clock::machine().to_zoned(TimeZone::UTC)),
        kdf: "scrypt".to_owned(),
        n: COST,
        r: BLOCK,
        p: 1,
        data: Vec::new(),
        salt: random(),
    };
    let derived = file
        .kdf_key(&password.reveal())
        .map_err(|error| failed(&error))?;
    let (encrypt, k, r) = derived.to_keys();
    let text = serde_json::to_vec(&master).unwrap_or_default();
    file.data = sealed::seal(text, &sealed::key(&encrypt, &k, &r)?)?;
    let file = serde_json::to_vec(&file).unwrap_or_default();
    Ok((master, file))
}

/// 64 bytes of chance: a key has nothing else.
fn random() -> Vec<u8> {
    let key = MasterKey::new();
    [key.encrypt, key.mac.k, key.mac.r].concat()
}

fn failed(error: &RusticError) -> Error {
    let message = format!(
        "cannot make a key for the repository: {}",
        error.display_log()
    );
    Error::run("repository-failed", message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_password_opens_it_and_takes_32_mib_for_that() {
        let (master, file) = new(&Secret::new("a password")).unwrap();
        let file: KeyFile = serde_json::from_slice(&file).unwrap();
        assert_eq!(128 * file.n * file.r, 32 << 20);
        let (encrypt, k, r) = file.key_from_password(&"a password").unwrap().to_keys();
        let found = (encrypt, k, r);
        assert_eq!(found, (master.encrypt, master.mac.k, master.mac.r));
        assert!(file.key_from_password(&"another one").is_err());
    }
}
