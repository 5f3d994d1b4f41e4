//! The folder for compiled code and pulled modules.

use std::path::PathBuf;

use crate::config::Config;
use crate::paths::Directories;

/// The user's cache; none if a module could write there.
pub fn cache_folder(config: &Config) -> Option<PathBuf> {
    let named = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = named("SIDECAR_CACHE_DIR")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("sidecar")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/sidecar")))?;
    let directories = Directories::from(&config.paths);
    let exposed = [&directories.workdir, &directories.temp]
        .into_iter()
        .any(|open| folder.starts_with(open));
    if exposed {
        tracing::warn!(
            folder = %folder.display(),
            "modules are not cached: they may write to that folder; set SIDECAR_CACHE_DIR to another one"
        );
    }
    (!exposed).then_some(folder)
}
