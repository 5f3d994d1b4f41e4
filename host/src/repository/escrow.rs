//! The password, for the holders of age keys: a repository's own key reads as well as it writes, so that
//! a sidecar that makes backups can read them all. Those who must be able to are written down beside it.

use crate::artifact::encrypt_small;
use crate::config::RepositorySpec;
use crate::error::Result;
use crate::store::Store;

/// Beside the repository, so that no program takes it for a part of it.
pub(super) const KEY: &str = "repository.key.age";

/// Writes the password down for the recipients of the configuration, as it says now.
pub(super) async fn write(store: &Store, spec: &RepositorySpec) -> Result<()> {
    if spec.recipients.is_empty() {
        return Ok(());
    }
    let text = format!("{}\n", spec.password.reveal());
    let encrypted = encrypt_small(&spec.recipients, text.as_bytes())?;
    store.put(KEY, encrypted).await
}
