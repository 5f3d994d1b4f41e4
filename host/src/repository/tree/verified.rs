//! What a repository has under an id, compared with it: the library compares no SHA-256 when it reads. An id is the
//! digest of what it names, so the id of a tree vouches for all that is below it.

use bytes::Bytes;
use rustic_core::repofile::{BlobType, Tree};
use rustic_core::{BlobId, DataId, IndexedFullStatus, Repository, TreeId};

use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::repository::error::guarded;
use crate::repository::gate::VerdictGate;
use crate::store::Store;

/// Where trees and contents are read from.
#[derive(Clone, Copy)]
pub(super) struct VerifiedBlobs<'a> {
    pub(super) store: &'a Store,
    pub(super) gate: &'a VerdictGate,
    pub(super) repository: &'a Repository<IndexedFullStatus>,
}

impl VerifiedBlobs<'_> {
    /// A directory.
    pub(super) fn tree(self, id: TreeId) -> Result<Tree> {
        let bytes = self.blob(BlobType::Tree, id.into())?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let name = self.store.name();
            let message =
                format!("a directory in the repository of store `{name}` is none: {error}");
            Error::new(Kind::Verification, "altered", message)
        })
    }

    /// A stretch of a file.
    pub(super) fn content(self, id: DataId) -> Result<Bytes> {
        self.blob(BlobType::Data, id.into())
    }

    fn blob(self, kind: BlobType, id: BlobId) -> Result<Bytes> {
        let bytes = guarded(self.store, self.gate, || {
            self.repository.get_blob_cached(&id, kind)
        })?;
        match Digest::of_bytes(&bytes).to_string() == id.to_hex().as_str() {
            true => Ok(bytes),
            false => Err(altered(self.store, "has other bytes than were written")),
        }
    }
}

/// What was read is not what was backed up.
pub(super) fn altered(store: &Store, what: &str) -> Error {
    let message = format!("the repository of store `{}` {what}", store.name());
    Error::new(Kind::Verification, "altered", message).hint(
        "`restic check --read-data` says what is damaged; take another backup (`sidecar list`)",
    )
}
