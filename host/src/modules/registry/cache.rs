//! Components that were pulled earlier, by their digest: runs need the registry only once.
//!
//! What is in here is hashed again before it is used, so the folder need not be trusted.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::modules::component_file::ComponentFile;

/// A folder of components.
pub(in crate::modules) struct ModuleCache(PathBuf);

impl ModuleCache {
    /// Below the folder for compiled code.
    pub(in crate::modules) fn new(cache_folder: &Path) -> Self {
        Self(cache_folder.join("pulled"))
    }

    /// The component with this digest; none if it is missing or damaged.
    pub(in crate::modules) fn get(&self, sha256: &str) -> Option<ComponentFile> {
        let path = self.file(sha256);
        let component = ComponentFile::read(&path).ok()?;
        let intact = component.digest().to_string() == sha256;
        if !intact {
            tracing::warn!(path = %path.display(), "a module that was pulled earlier is damaged; pulling it again");
        }
        intact.then_some(component)
    }

    /// Adds a component for the next start.
    pub(in crate::modules) fn put(&self, component: &ComponentFile) -> Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|error| Error::io("create", &self.0, error))?;
        component.write(&self.file(&component.digest().to_string()))
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.0.join(format!("{sha256}.wasm"))
    }
}
