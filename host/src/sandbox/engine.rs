//! The one Wasmtime engine of this process.

use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Strategy};

use super::bindings;
use super::cache::Cache;
use super::restorer::sidecar::strategy::{source, target};
use super::run::State;
use super::ticker::Ticker;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};

/// Compiles and links components; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(super) wasmtime: wasmtime::Engine,
    pub(super) linker: Arc<Linker<State>>,
    pub(super) ticker: Ticker,
    cache: Option<Arc<Cache>>,
}

impl Engine {
    /// `cache` is a private folder for compiled code; without one, modules are compiled each time.
    pub fn new(cache: Option<PathBuf>) -> Result<Self> {
        let mut config = Config::new();
        config
            .strategy(Strategy::Cranelift)
            .wasm_component_model(true)
            .epoch_interruption(true);
        let wasmtime = wasmtime::Engine::new(&config).map_err(broken)?;
        let mut linker = Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(broken)?;
        bindings::Module::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        source::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        target::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        let cache = cache.map(|folder| Arc::new(Cache::new(folder, &wasmtime)));
        Ok(Self {
            ticker: Ticker::new(&wasmtime),
            wasmtime,
            linker: Arc::new(linker),
            cache,
        })
    }

    /// Compiles a component, or takes it from the cache.
    pub(super) fn compile(&self, wasm: &[u8], digest: Digest) -> wasmtime::Result<Component> {
        if let Some(cache) = &self.cache
            && let Some(component) = cache.load(&self.wasmtime, digest)
        {
            return Ok(component);
        }
        let component = Component::new(&self.wasmtime, wasm)?;
        if let Some(cache) = &self.cache {
            cache.store(&component, digest);
        }
        Ok(component)
    }
}

fn broken(error: wasmtime::Error) -> Error {
    Error::new(
        Kind::Run,
        "no-sandbox",
        format!("the WebAssembly engine does not start: {error:#}"),
    )
}
