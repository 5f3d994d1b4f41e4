//! The component of a configured module: read or pulled, then compared with what the configuration pins.

use std::path::Path;

use super::component_file::ComponentFile;
use super::registry::{ModuleCache, RegistryClient};
use crate::config::{Config, ModuleSpec, Origin, Reference};
use crate::error::{Error, Kind, Result};
use crate::sandbox::Source;

/// A module of the configuration, ready to be loaded. Pulled modules are cached below
/// `cache_folder`, if there is one.
pub fn source(
    config: &Config,
    cache_folder: Option<&Path>,
    name: &str,
    spec: &ModuleSpec,
) -> Result<Source> {
    let component = match &spec.source {
        Origin::File(path) => {
            ComponentFile::read(path).map_err(|error| not_read(name, path, &error))?
        }
        Origin::Registry(reference) => from_registry(config, cache_folder, reference, spec)?,
    };
    component.verify(name, spec)?;
    Ok(Source::of(name, component.wasm, spec.limits))
}

/// Asks the registry only for what the cache does not have.
fn from_registry(
    config: &Config,
    cache_folder: Option<&Path>,
    reference: &Reference,
    spec: &ModuleSpec,
) -> Result<ComponentFile> {
    let cache = cache_folder.map(ModuleCache::new);
    let sha256 = spec.sha256.as_deref().unwrap_or_default();
    let cached = cache.as_ref().and_then(|cache| cache.get(sha256));
    // A module may have been signed after it was pulled.
    let complete =
        |component: &ComponentFile| spec.signed_by.is_none() || component.signature.is_some();
    if let Some(component) = cached.filter(complete) {
        return Ok(component);
    }
    let registry = config.registries.get(&reference.host).cloned();
    let client = RegistryClient::new(reference, &registry.unwrap_or_default())?;
    let component = client.pull(Some(sha256))?;
    tracing::info!(%reference, "pulled the module");
    if let Some(Err(error)) = cache.map(|cache| cache.put(&component)) {
        tracing::warn!("a module will be pulled again at the next start: {error}");
    }
    Ok(component)
}

fn not_read(name: &str, path: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot read module {name} from {}: {error}", path.display());
    Error::new(Kind::Config, "module-not-read", message).hint(format!(
        "correct modules.{name}.source, or mount the file there"
    ))
}
