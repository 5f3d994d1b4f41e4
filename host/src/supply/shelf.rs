//! Components that were pulled once, by their digest: a registry that is down does no harm.
//!
//! What lies here is hashed again before it is used, so the folder needs no trust.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Component;
use crate::error::{Error, Result};

/// A folder of components.
pub struct Shelf(PathBuf);

impl Shelf {
    /// Below the folder for compiled code.
    pub fn new(cache: &Path) -> Self {
        Self(cache.join("pulled"))
    }

    /// The component with this digest, unless it is not here, or not any more what it was.
    pub fn find(&self, sha256: &str) -> Option<Component> {
        let path = self.place(sha256);
        let component = Component::read(&path).ok()?;
        let intact = component.digest().to_string() == sha256;
        if !intact {
            tracing::warn!(path = %path.display(), "a module that was pulled earlier is damaged; pulling it again");
        }
        intact.then_some(component)
    }

    /// Keeps a component for the next start.
    pub fn keep(&self, component: &Component) -> Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|error| Error::io("create", &self.0, error))?;
        component.write(&self.place(&component.digest().to_string()))
    }

    fn place(&self, sha256: &str) -> PathBuf {
        self.0.join(format!("{sha256}.wasm"))
    }
}
