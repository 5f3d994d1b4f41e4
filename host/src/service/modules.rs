//! Modules from elsewhere: brought here for a run, pushed and pulled by their makers.

use std::path::{Path, PathBuf};

use super::Service;
use crate::config::{Limits, ModuleSpec, Origin, Reference, Registry};
use crate::error::{Error, Kind, Result};
use crate::sandbox::{Engine, Module, Source};
use crate::supply::{About, Component, Pushed, Remote, Shelf};

impl Service {
    /// A module of the configuration, ready to be loaded.
    pub(super) fn source(&self, name: &str, spec: &ModuleSpec) -> Result<Source> {
        let component = self.component(name, spec)?;
        Ok(Source::of(name, component.wasm, spec.limits))
    }

    /// The component of a module, checked against all that the configuration says of it.
    fn component(&self, name: &str, spec: &ModuleSpec) -> Result<Component> {
        let component = match &spec.source {
            Origin::File(path) => {
                Component::read(path).map_err(|error| unread(name, path, &error))?
            }
            Origin::Registry(reference) => self.pulled(reference, spec)?,
        };
        component.verify(name, spec)?;
        Ok(component)
    }

    /// Asks the registry only for what is not here yet.
    fn pulled(&self, reference: &Reference, spec: &ModuleSpec) -> Result<Component> {
        let shelf = self.cache.as_deref().map(Shelf::new);
        let sha256 = spec.sha256.as_deref().unwrap_or_default();
        let here = shelf.as_ref().and_then(|shelf| shelf.find(sha256));
        // It may have been signed after it was pulled.
        let enough =
            |component: &Component| spec.signed_by.is_none() || component.signature.is_some();
        if let Some(component) = here.filter(enough) {
            return Ok(component);
        }
        let registries = &self.config().registries;
        let registry = registries.get(&reference.host).cloned().unwrap_or_default();
        let remote = Remote::new(reference, &registry)?;
        let component = self.runtime()?.block_on(remote.pull(Some(sha256)))?;
        tracing::info!(%reference, "pulled the module");
        if let Some(Err(error)) = shelf.map(|shelf| shelf.keep(&component)) {
            tracing::warn!("a module will be pulled again at the next start: {error}");
        }
        Ok(component)
    }
}

/// What was pulled into a file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Pulled {
    /// The file.
    pub path: PathBuf,
    /// Of the component: what `modules.NAME.sha256` pins.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether a signature lies beside the file now.
    pub signed: bool,
}

/// Sends the component in `file`, and the signature beside it, to a registry. What no host could run
/// is not sent.
pub fn push(file: &Path, reference: &Reference, registry: &Registry) -> Result<Pushed> {
    if reference.tag.is_none() || reference.digest.is_some() {
        let message = format!("{reference} is no place to push to: it needs a tag, and no digest");
        return Err(Error::new(Kind::BadRequest, "bad-reference", message)
            .hint("write for example registry.example/acme/redis_snapshot:1.2"));
    }
    let component = Component::read(file).map_err(|error| Error::io("read", file, error))?;
    let about = about(&reference.name, &component)?;
    let remote = Remote::new(reference, registry)?;
    drive(remote.push(component, &about))
}

/// Brings a component from a registry into a file, and its signature beside it.
pub fn pull(reference: &Reference, registry: &Registry, to: &Path) -> Result<Pulled> {
    let remote = Remote::new(reference, registry)?;
    let component = drive(remote.pull(None))?;
    component.write(to)?;
    Ok(Pulled {
        path: to.to_owned(),
        sha256: component.digest().to_string(),
        size: component.wasm.len() as u64,
        signed: component.signature.is_some(),
    })
}

fn about(name: &str, component: &Component) -> Result<About> {
    let source = Source::of(name, component.wasm.clone(), Limits::default());
    let module = Module::load(&Engine::new(None)?, &source)?;
    let said = module.describe()?;
    Ok(About {
        name: said.name,
        version: said.version,
        summary: said.summary,
        imports: module.anatomy().imports.clone(),
        exports: module.anatomy().exports.clone(),
    })
}

/// Runs a request on this thread.
fn drive<T>(request: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let started = runtime
        .map_err(|error| Error::run("no-thread", format!("cannot start an event loop: {error}")))?;
    started.block_on(request)
}

fn unread(name: &str, path: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot read module {name} from {}: {error}", path.display());
    Error::new(Kind::Config, "module-not-read", message).hint(format!(
        "correct modules.{name}.source, or mount the file there"
    ))
}
