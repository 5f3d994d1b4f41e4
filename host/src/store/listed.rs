//! Reading small objects that were just listed: those that are known already are not read again.

use std::sync::Arc;

use super::backend::Object;
use super::catalogue::StoredBackup;
use super::keys;
use super::known_objects::KnownObjects;
use super::objects::Store;
use crate::artifact::manifest::Manifest;
use crate::error::{Kind, Result};

impl Store {
    /// The same store, of which some objects were read before.
    #[must_use]
    pub fn remembering(mut self, known: &Arc<KnownObjects>) -> Self {
        self.known = known.clone();
        self
    }

    /// The same store, of which nothing is taken for known: for who asks whether it is still so.
    #[must_use]
    pub fn read_anew(mut self) -> Self {
        self.reads_anew = true;
        self
    }

    /// Another store that knows what this one does.
    #[must_use]
    pub fn knowing_as(self, other: &Self) -> Self {
        self.remembering(&other.known)
    }

    /// Whether nothing is taken for known.
    pub fn reads_anew(&self) -> bool {
        self.reads_anew
    }

    /// Whether the manifest of a backup still says what was read of it. A store that cannot be asked is an error.
    pub async fn still_has(&self, backup: &StoredBackup) -> Result<bool> {
        match self.get(&keys::manifest(&backup.key)).await {
            Ok(text) => Ok(Manifest::from_json(&text).is_ok_and(|found| found == backup.manifest)),
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads a small object that was listed, unless it was read before and is the same.
    pub(super) async fn get_listed(&self, object: &Object) -> Result<Arc<Vec<u8>>> {
        let place = self.spec().location();
        if !self.reads_anew
            && let Some(bytes) = self.known.get(&place, object)
        {
            return Ok(bytes);
        }
        let bytes = self.get(&object.key).await?;
        self.known.put(&place, object, &bytes);
        Ok(Arc::new(bytes))
    }

    /// What was not listed in `folder` is gone.
    pub(super) fn forget_others(&self, folder: &str, listed: &[Object]) {
        self.known
            .forget_others(&self.spec().location(), folder, listed);
    }
}
