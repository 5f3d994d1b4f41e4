//! A module that was loaded: what it is, what it would need, and how to run it.

use std::borrow::Cow;
use std::path::Path;

use wasmtime::component::{Component, Linker};

use super::anatomy::{Anatomy, what_it_must_be};
use super::bindings::Module as Bindings;
use super::bindings::exports::sidecar::strategy::strategy::Plan;
use super::builtin;
use super::engine::Engine;
use super::run::{self, Ending, Job, State};
use super::stream::Words;
use super::ticker::Ticking;
use crate::artifact::{Digest, Writer};
use crate::config::{Codec, Limits};
use crate::error::{Error, Kind, Result};
use crate::plan::Request;

/// A strategy's component.
#[derive(Clone)]
pub struct Module {
    name: String,
    digest: Digest,
    anatomy: Anatomy,
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

/// Who a module says it is.
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
    /// A strategy of this house: "database_dump", "file_archive" or "custom".
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
        let wasm = std::fs::read(file).map_err(|error| {
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
    pub fn anatomy(&self) -> Result<Anatomy> {
        Anatomy::read(&self.name, &self.wasm)
    }
}

impl Module {
    /// Compiles a component, or takes it from the cache.
    pub fn load(engine: &Engine, source: &Source) -> Result<Self> {
        let name = &source.name;
        let anatomy = source.anatomy()?;
        anatomy.check(name)?;
        let component = engine
            .compile(&source.wasm, source.digest)
            .map_err(|error| unusable(name, &error))?;
        Ok(Self {
            name: name.clone(),
            digest: source.digest,
            anatomy,
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
    pub fn anatomy(&self) -> &Anatomy {
        &self.anatomy
    }

    /// What it may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Asks the module who it is.
    pub fn describe(&self) -> Result<Description> {
        let said = self.ask_strategy(&[], async |instance, store| {
            instance
                .sidecar_strategy_strategy()
                .call_describe(store)
                .await
        })?;
        let config_schema = serde_json::from_str(&said.config_schema).map_err(|error| {
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
            name: said.name,
            version: said.version,
            summary: said.summary,
            config_schema,
        })
    }

    /// Asks what a run with `config` would need. The module's own objections come as they are.
    pub fn plan(
        &self,
        config: &str,
        helpers: &[(String, String)],
    ) -> Result<Result<Request, Vec<Error>>> {
        let said = self.ask_strategy(helpers, async |instance, store| {
            instance
                .sidecar_strategy_strategy()
                .call_plan_run(store, config)
                .await
        })?;
        match said {
            Ok(plan) => self.request(plan).map(Ok),
            Err(failures) => Ok(Err(failures.into_iter().map(Error::from).collect())),
        }
    }

    /// Makes a backup on this thread.
    pub fn run(&self, job: Job, artifact: Writer) -> Result<Writer> {
        run::run(self, job, artifact)?.verdict()
    }

    /// The same, and tells both sides of how it ended.
    pub fn observe(&self, job: Job, artifact: Writer) -> Result<Ending> {
        run::run(self, job, artifact)
    }

    /// Calls a function that needs nothing and may do nothing: `call` instantiates the component,
    /// which may compute as soon as that, and says how the function ended.
    pub(super) fn ask<T>(
        &self,
        helpers: &[(String, String)],
        call: impl AsyncFnOnce(&mut wasmtime::Store<State>) -> wasmtime::Result<wasmtime::Result<T>>,
    ) -> Result<T> {
        let words = Words::new(&self.name);
        let _ticking = self.ticking()?;
        let mut store = run::store(
            self,
            State::bare(&self.name, helpers, self.limits.memory, &words),
        );
        let asked = call(&mut store);
        match run::block_on(async { tokio::time::timeout(PATIENCE, asked).await })? {
            Ok(answer) => answer
                .map_err(|error| unusable(&self.name, &error))?
                .map_err(|trap| run::explain(&trap, &self.name, &store.data().memory, &words)),
            Err(_) => Err(Error::new(
                Kind::Config,
                "module-invalid",
                format!(
                    "module {} takes longer than {PATIENCE:?} to say what it needs",
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

    fn request(&self, plan: Plan) -> Result<Request> {
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
        Ok(Request {
            commands: plan.commands,
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

    pub(super) fn engine(&self) -> &wasmtime::Engine {
        &self.engine.wasmtime
    }

    /// As long as this is there, the module can be interrupted.
    pub(super) fn ticking(&self) -> Result<Ticking> {
        self.engine.ticker.tick()
    }
}

/// How long a module may think about its plan.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

fn unusable(name: &str, error: &wasmtime::Error) -> Error {
    Error::new(
        Kind::Config,
        "module-invalid",
        format!("module {name} cannot be used: {error:#}"),
    )
    .hint(what_it_must_be())
}
