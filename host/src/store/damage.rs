//! What cannot be used in a store, and why.

use crate::error::Error;

/// How much cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageExtent {
    /// One backup.
    Backup,
    /// A tier that cannot be listed: what lies in it is not known.
    Tier,
    /// A store that does not answer.
    Store,
}

/// A manifest that no backup can be made out of, or a place that cannot be listed.
#[derive(Debug)]
pub struct DamagedBackup {
    /// The store's name.
    pub store: String,
    /// Of the manifest, or of what lies there without one, below the store's prefix; of a whole store it
    /// is empty.
    pub key: String,
    /// How much it is.
    pub extent: DamageExtent,
    /// What is wrong with it.
    pub error: Error,
}

impl From<DamagedBackup> for Error {
    /// What is wrong, and with what.
    fn from(damaged: DamagedBackup) -> Self {
        Self::from(&damaged)
    }
}

impl From<&DamagedBackup> for Error {
    /// What is wrong, and with what.
    fn from(damaged: &DamagedBackup) -> Self {
        let DamagedBackup {
            store, key, error, ..
        } = damaged;
        let message = match damaged.extent {
            DamageExtent::Store => format!("store `{store}`: {error}"),
            DamageExtent::Backup | DamageExtent::Tier => {
                format!("{key} in store `{store}`: {error}")
            }
        };
        let named = Error::new(error.kind(), error.code().to_owned(), message);
        match error.hint_text() {
            Some(hint) => named.hint(hint),
            None => named,
        }
    }
}
