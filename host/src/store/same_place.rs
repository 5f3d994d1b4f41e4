//! Whether two stores are one place, by whatever names they are reached.

use uuid::Uuid;

use super::keys;
use super::objects::Store;
use crate::error::Result;

impl Store {
    /// Writes a word here and looks for it there: no spelling of an address hides that both are one.
    pub async fn is_same_place(&self, other: &Self) -> Result<bool> {
        let key = format!("{}probe/{}", keys::PRIVATE, Uuid::now_v7());
        self.put(&key, key.clone().into_bytes()).await?;
        let found = other.size(&key).await;
        self.delete(&key).await?;
        Ok(found?.is_some())
    }
}
