//! A module that was loaded: what it is, what it would need, and how to run it.

use std::borrow::Cow;
use std::path::Path;

use wasmtime::component::{Component, Linker};

use super::bindings::strategy::Module as Bindings;
use super::bindings::strategy::exports::sidecar::strategy::strategy::Plan;
use super::bounds;
use super::builtin;
use super::call;
use super::compiler::CompilesTooLong;
use super::component_file::read_component;
use super::component_info::{ComponentInfo, expected_component};
use super::container_memory::default_of_a_module;
use super::engine::Engine;
use super::output::ModuleOutput;
use super::state::State;
use crate::config::{Codec, Limits};
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::plan::{AccessRequest, split_commands};

/// A strategy's component.
#[derive(Clone)]
pub struct Module {
    name: String,
    digest: Digest,
    info: ComponentInfo,
    limits: Limits,
    component: Component,
    engine: Engine,
}

/// A component's file that was read, and nothing more.
pub struct Source {
    name: String,
    wasm: Cow<'static, [u8]>,
    digest: Digest,
    limits: Limits,
}

/// What a module says that it is.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Description {
    /// Its own name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of `strategy.config`.
    pub config_schema: serde_json::Value,
}

impl Source {
    /// A built-in strategy: "database_dump", "file_archive" or "custom".
    pub fn builtin(name: &str) -> Result<Self> {
        let wasm = builtin::component(name).ok_or_else(|| {
            Error::new(
                Kind::Config,
                "no-such-strategy",
                format!("there is no built-in strategy {name}"),
            )
        })?;
        Ok(Self::new(name, wasm.into(), Limits::default()))
    }

    /// A file.
    pub fn read(name: &str, file: &Path) -> Result<Self> {
        let wasm = read_component(file).map_err(|error| {
            Error::new(
                Kind::Config,
                "module-not-read",
                format!("cannot read module {name} from {}: {error}", file.display()),
            )
        })?;
        Ok(Self::new(name, wasm.into(), Limits::default()))
    }

    /// A component that is known to be the one that was meant.
    pub fn of(name: &str, wasm: Vec<u8>, limits: Limits) -> Self {
        Self::new(name, wasm.into(), limits)
    }

    fn new(name: &str, wasm: Cow<'static, [u8]>, limits: Limits) -> Self {
        Self {
            name: name.to_owned(),
            digest: Digest::of_bytes(&wasm),
            wasm,
            limits,
        }
    }

    /// The name that it goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of the file.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.wasm.len() as u64
    }

    /// What the file says of itself.
    pub fn info(&self) -> Result<ComponentInfo> {
        ComponentInfo::read(&self.name, &self.wasm)
    }
}

impl Module {
    /// Compiles a component, or takes it from the cache.
    pub fn load(engine: &Engine, source: &Source) -> Result<Self> {
        let name = &source.name;
        let info = source.info()?;
        info.check(name)?;
        let component = engine
            .compile(&source.wasm, source.digest)
            .map_err(|error| unusable(name, &error))?;
        Ok(Self {
            name: name.clone(),
            digest: source.digest,
            info,
            limits: source.limits,
            component,
            engine: engine.clone(),
        })
    }

    /// The name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of the component's file.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What its file says of itself.
    pub fn info(&self) -> &ComponentInfo {
        &self.info
    }

    /// What it may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Bytes of memory that it may use: as configured, or as much as the container leaves.
    pub fn memory(&self) -> u64 {
        let configured = self.limits.memory;
        configured.unwrap_or_else(default_of_a_module)
    }

    /// Asks the module what it is.
    pub fn describe(&self) -> Result<Description> {
        let answer = self.ask_strategy(&[], async |instance, store| {
            instance
                .sidecar_strategy_strategy()
                .call_describe(store)
                .await
        })?;
        let answer = bounds::description(answer, &self.name)?;
        let config_schema = serde_json::from_str(&answer.config_schema).map_err(|error| {
            Error::new(
                Kind::Config,
                "module-invalid",
                format!(
                    "the configuration schema of module {} is not JSON: {error}",
                    self.name
                ),
            )
        })?;
        Ok(Description {
            name: answer.name,
            version: answer.version,
            summary: answer.summary,
            config_schema,
        })
    }

    /// Asks what a run with `config` would need. The module's own objections are passed on as they are.
    pub fn plan(
        &self,
        config: &str,
        helpers: &[(String, String)],
    ) -> Result<Result<AccessRequest, Vec<Error>>> {
        let answer = self.ask_strategy(helpers, async |instance, store| {
            instance
                .sidecar_strategy_strategy()
                .call_plan_run(store, config)
                .await
        })?;
        match answer {
            Ok(plan) => {
                bounds::plan(&self.name, &plan)?;
                self.request(plan).map(Ok)
            }
            Err(failures) => Ok(Err(bounds::failures(&failures))),
        }
    }

    /// Calls a function that needs nothing and may do nothing: `function` instantiates the component,
    /// which may compute as soon as that, and says how the function ended.
    pub(super) fn ask<T>(
        &self,
        helpers: &[(String, String)],
        function: impl AsyncFnOnce(&mut wasmtime::Store<State>) -> wasmtime::Result<wasmtime::Result<T>>,
    ) -> Result<T> {
        let output = ModuleOutput::new(&self.name);
        let _ticking = self.engine.ticker.tick()?;
        let mut store = call::store(
            &self.engine,
            State::bare(&self.name, helpers, self.memory(), &output),
        );
        let asked = function(&mut store);
        match call::block_on(async { tokio::time::timeout(PLAN_TIMEOUT, asked).await })? {
            Ok(answer) => answer
                .map_err(|error| unusable(&self.name, &error))?
                .map_err(|trap| call::explain(&trap, &self.name, &store.data().memory, &output)),
            Err(_) => Err(Error::new(
                Kind::Config,
                "module-invalid",
                format!(
                    "module {} takes longer than {PLAN_TIMEOUT:?} to say what it needs",
                    self.name
                ),
            )
            .hint("describe, plan-run and plan-restore must only think; the work belongs into backup and restore")),
        }
    }

    /// Calls a function of interface `strategy` that needs nothing.
    fn ask_strategy<T>(
        &self,
        helpers: &[(String, String)],
        call: impl AsyncFnOnce(&Bindings, &mut wasmtime::Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T> {
        self.ask(helpers, async |store| {
            let instance =
                Bindings::instantiate_async(&mut *store, &self.component, &self.engine.linker)
                    .await?;
            Ok(call(&instance, store).await)
        })
    }

    fn request(&self, plan: Plan) -> Result<AccessRequest> {
        let compression = plan.compression.as_deref().map(|word| {
            serde_json::from_value::<Codec>(word.into()).map_err(|_| {
                Error::new(
                    Kind::Config,
                    "module-invalid",
                    format!(
                        "module {} asks for the unknown compression {word:?}",
                        self.name
                    ),
                )
            })
        });
        let (commands, argv) = split_commands(plan.commands);
        Ok(AccessRequest {
            commands,
            argv,
            shell: plan.shell,
            read: plan.read,
            follow_links: plan.follow_links,
            net: plan.net,
            env: plan.env,
            compression: compression.transpose()?,
        })
    }

    pub(super) fn component(&self) -> &Component {
        &self.component
    }

    pub(super) fn linker(&self) -> &Linker<State> {
        &self.engine.linker
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// How long a module may think about its plan.
const PLAN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

fn unusable(name: &str, error: &wasmtime::Error) -> Error {
    Error::new(
        Kind::Config,
        "module-invalid",
        format!("module {name} cannot be used: {error:#}"),
    )
    .hint(match error.downcast_ref::<CompilesTooLong>() {
        Some(_) => {
            "its functions are too large, or there are too many; or give the container more memory"
                .to_owned()
        }
        None => expected_component(),
    })
}
