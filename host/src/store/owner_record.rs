//! Reading and writing whose a store is.

use std::sync::Arc;

use super::backend::ObjectVersion;
use super::catalogue::{Catalogue, StoredBackup};
use super::error::{StoreFailure, StoreOperation, failure};
use super::keys;
use super::objects::Store;
use super::owner::{OwnerRecord, Ownership, owner_of};
use crate::error::{Error, Kind, Result};

/// What a store says of its owner.
#[derive(Debug)]
pub enum FoundOwner {
    /// Nothing.
    None,
    /// This.
    Record(Box<OwnerRecord>, OwnerVersion),
    /// Something that cannot be read, and why.
    Unreadable(String),
}

/// The record as it was read: see [`Store::replace_owner`]. None: the store has no versions.
#[derive(Debug)]
pub struct OwnerVersion(Option<ObjectVersion>);

impl FoundOwner {
    /// The record, if there is one that can be read.
    pub fn record(&self) -> Option<&OwnerRecord> {
        match self {
            Self::Record(record, _) => Some(record),
            Self::None | Self::Unreadable(_) => None,
        }
    }
}

/// Whether the service does not know conditional requests.
fn lacks_conditions(error: &Error) -> bool {
    matches!(failure(error), None | Some(StoreFailure::Unsupported))
}

fn text_of(record: &OwnerRecord) -> Vec<u8> {
    serde_json::to_vec_pretty(record).expect("a record has nothing that JSON cannot say")
}

fn key() -> String {
    format!("{}owner.json", keys::PRIVATE)
}

impl Store {
    /// The same store, in which own backups are told from others' by `ownership`.
    #[must_use]
    pub fn owned(mut self, ownership: Ownership) -> Self {
        self.ownership = Arc::new(ownership);
        self
    }

    /// Whose the store is. Credentials that may not read say that it cannot be known.
    pub async fn owner(&self) -> Result<FoundOwner> {
        let found = match self.backend.read_versioned(&key()).await {
            Ok(found) => found.map(|found| (found.text, Some(found.version))),
            Err(error) if lacks_conditions(&error) => self.read_plain().await?,
            Err(error) if failure(&error) == Some(StoreFailure::Denied(StoreOperation::Read)) => {
                return Ok(FoundOwner::Unreadable(error.message().to_owned()));
            }
            Err(error) => return Err(error),
        };
        let Some((text, version)) = found else {
            // A folder says the same of a file that is there and is no text.
            return match self.size(&key()).await {
                Ok(None) => Ok(FoundOwner::None),
                Ok(Some(_)) => Ok(FoundOwner::Unreadable(self.damaged_owner())),
                // It is a folder or a pipe.
                Err(error) if failure(&error) == Some(StoreFailure::Other) => {
                    Ok(FoundOwner::Unreadable(self.damaged_owner()))
                }
                Err(error) => Err(error),
            };
        };
        Ok(match serde_json::from_str(&text) {
            Ok(record) => FoundOwner::Record(record, OwnerVersion(version)),
            Err(_) => FoundOwner::Unreadable(self.damaged_owner()),
        })
    }

    /// For a service whose objects have no versions: replicas there have to be one anyway.
    async fn read_plain(&self) -> Result<Option<(String, Option<ObjectVersion>)>> {
        match self.get(&key()).await {
            Ok(text) => Ok(Some((String::from_utf8_lossy(&text).into_owned(), None))),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes down whose the store is, if nothing says so yet. Of several sidecars that try, one succeeds.
    pub async fn create_owner(&self, record: &OwnerRecord) -> Result<bool> {
        self.write_owner(record, None).await
    }

    /// Writes another owner in place of the one that was read.
    pub async fn replace_owner(&self, record: &OwnerRecord, read: &OwnerVersion) -> Result<bool> {
        match &read.0 {
            Some(version) => self.write_owner(record, Some(version)).await,
            None => self.put(&key(), text_of(record)).await.map(|()| true),
        }
    }

    /// Writes the owner in place of a record that cannot be read.
    pub async fn overwrite_owner(&self, record: &OwnerRecord) -> Result<()> {
        self.put(&key(), text_of(record)).await
    }

    async fn write_owner(
        &self,
        record: &OwnerRecord,
        expected: Option<&ObjectVersion>,
    ) -> Result<bool> {
        let text = String::from_utf8_lossy(&text_of(record)).into_owned();
        match self.backend.replace_version(&key(), &text, expected).await {
            Err(error) if lacks_conditions(&error) => {
                self.put(&key(), text_of(record)).await.map(|()| true)
            }
            written => Ok(written?.is_some()),
        }
    }

    fn damaged_owner(&self) -> String {
        format!("{} cannot be read", self.shown(&key()))
    }

    /// Why nothing may be deleted in this store: another sidecar's backups lie there, too.
    pub fn shared(&self, catalogue: &Catalogue) -> Option<Error> {
        let foreign = catalogue.backups.iter().find(|backup| backup.foreign);
        let with = match (self.ownership.shared_with(), foreign) {
            (Some(with), _) => with.to_owned(),
            (None, Some(backup)) => backup.described_owner(),
            (None, None) => return None,
        };
        let message = format!(
            "store `{}` is shared with another sidecar, {with}: nothing is deleted in {}",
            self.name(),
            self.shown("")
        );
        Some(
            Error::new(Kind::Config, "shared-prefix", message).hint(format!(
                "give each its own prefix, and move the backups there; if the other one is gone, or was this one: `sidecar adopt {}`",
                self.name()
            )),
        )
    }
}

impl StoredBackup {
    /// For people: whose backup it is.
    pub fn described_owner(&self) -> String {
        let owner = owner_of(&self.manifest);
        let short = owner.map(|owner| owner.get(..8).unwrap_or(owner));
        format!(
            "{} ({} by {})",
            short.unwrap_or("without an owner"),
            self.manifest.artifact.filename,
            self.manifest.strategy.name
        )
    }
}
