//! Reading small objects that were just listed: those that a reader knows already are not read again.

use std::sync::Arc;

use super::backend::Object;
use super::known_objects::KnownObjects;
use super::objects::Store;
use crate::error::Result;

impl Store {
    /// The same store for a reader that has read some of its objects before.
    #[must_use]
    pub fn remembering(mut self, known: Arc<KnownObjects>) -> Self {
        self.known = Some(known);
        self
    }

    /// Reads a small object that was listed, unless it was read before and is the same.
    pub(super) async fn get_listed(&self, object: &Object) -> Result<Arc<Vec<u8>>> {
        if let Some(bytes) = self.known.as_ref().and_then(|known| known.get(object)) {
            return Ok(bytes);
        }
        let bytes = Arc::new(self.get(&object.key).await?);
        if let Some(known) = &self.known {
            known.put(object, bytes.clone());
        }
        Ok(bytes)
    }

    /// What was not listed in `folder` is gone.
    pub(super) fn forget_others(&self, folder: &str, listed: &[Object]) {
        if let Some(known) = &self.known {
            known.forget_others(folder, listed);
        }
    }
}
