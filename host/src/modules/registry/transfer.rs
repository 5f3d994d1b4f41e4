//! `sidecar module push` and `sidecar module pull`: components between a file and a registry.

use std::path::{Path, PathBuf};

use super::client::{Pushed, RegistryClient};
use super::layout::ModuleMetadata;
use crate::config::{Limits, Reference, Registry, StrategyConfig};
use crate::error::{Error, Kind, Result};
use crate::modules::allow_block::allow_block;
use crate::modules::component_file::ComponentFile;
use crate::modules::example_asks;
use crate::sandbox::{Description, Engine, Module, Source};

/// A component that was pulled into a file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Pulled {
    /// The file.
    pub path: PathBuf,
    /// Of the component: what `modules.NAME.sha256` pins.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether a signature was written beside the file.
    pub signed: bool,
}

/// Sends the component in `file`, and the signature beside it, to a registry. A component that this
/// host cannot load is refused.
///
/// Also returns what an operator has to allow, for a configuration like `with`, or else like the module's examples.
pub fn push(
    file: &Path,
    reference: &Reference,
    registry: &Registry,
    with: Option<&StrategyConfig>,
) -> Result<(Pushed, Vec<String>)> {
    if reference.tag.is_none() || reference.digest.is_some() {
        let message = format!("{reference} is no place to push to: it needs a tag, and no digest");
        return Err(Error::new(Kind::BadRequest, "bad-reference", message)
            .hint("write for example registry.example/acme/redis_snapshot:1.2"));
    }
    let component = ComponentFile::read(file).map_err(|error| Error::io("read", file, error))?;
    let source = Source::of(&reference.name, component.wasm.clone(), Limits::default());
    let module = Module::load(&Engine::new(None)?, &source)?;
    let description = module.describe()?;
    let asks = example_asks::asks(&module, &description, with)?;
    let metadata = metadata(&module, description);
    let pushed = RegistryClient::new(reference, registry)?.push(component, &metadata)?;
    Ok((pushed, allow_block(&asks)))
}

/// Writes a component from a registry to a file, and its signature beside it.
pub fn pull(reference: &Reference, registry: &Registry, to: &Path) -> Result<Pulled> {
    let component = RegistryClient::new(reference, registry)?.pull(None)?;
    component.write(to)?;
    Ok(Pulled {
        path: to.to_owned(),
        sha256: component.digest().to_string(),
        size: component.wasm.len() as u64,
        signed: component.signature.is_some(),
    })
}

fn metadata(module: &Module, description: Description) -> ModuleMetadata {
    ModuleMetadata {
        name: description.name,
        version: description.version,
        summary: description.summary,
        imports: module.info().imports.clone(),
        exports: module.info().exports.clone(),
    }
}
