//! The one Wasmtime engine of this process.

use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};

use super::bindings::attributed::sidecar::strategy::{attributed_target, attributes, unpacking};
use super::bindings::observant::sidecar::strategy::changes;
use super::bindings::program_runner::sidecar::strategy::programs;
use super::bindings::restorer::sidecar::strategy::{choices, source, target};
use super::bindings::strategy;
use super::bindings::tree_maker::sidecar::strategy::tree;
use super::cache::Cache;
use super::state::State;
use super::ticker::Ticker;
use super::{compiler, handles, left_out_files, name_lookup};
use crate::digest::Digest;
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
        handles::raise();
        let wasmtime = wasmtime::Engine::new(&compiler::configuration()).map_err(broken)?;
        let mut linker = Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(broken)?;
        name_lookup::add_to_linker(&mut linker).map_err(broken)?;
        left_out_files::add_to_linker(&mut linker).map_err(broken)?;
        strategy::Module::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        source::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        target::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        choices::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        attributes::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        attributed_target::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        changes::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        unpacking::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        programs::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(broken)?;
        tree::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
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
        let component = compiler::compile(&self.wasmtime, wasm)?;
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
