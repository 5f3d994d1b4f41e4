//! A module inspected without a run: what its file declares, how it describes itself, what it would
//! ask for.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::cache_folder::cache_folder;
use super::error_text::invalid_config;
use super::registry::RegistryClient;
use super::source::source;
use crate::config::{Allow, Config, Limits, Reference, Registry, SCHEME, StrategyConfig};
use crate::error::{Error, Kind, Result};
use crate::plan::{AccessRequest, AllowedRule, rules_in_words};
use crate::sandbox::{ComponentInfo, Description, Engine, Module, Source};

/// The built-in strategies.
const BUILTIN: [&str; 3] = ["custom", "database_dump", "file_archive"];

/// A module by its name or its file, and an engine to try it with.
pub struct ModuleProbe {
    source: Source,
    engine: Engine,
    place: Option<String>,
    /// What the configuration allows it; nothing is known of a file.
    allow: Option<Allow>,
}

/// What is known of a module: some of it is missing if the module cannot be used.
#[derive(Serialize)]
pub struct Inspection {
    /// The name that it goes by: in the configuration, or the file's.
    pub module: String,
    /// Its file or its reference; none for built-in strategies, which are in the binary.
    #[serde(rename = "file")]
    pub place: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex: what `modules.NAME.sha256` wants.
    pub sha256: String,
    /// What the file declares.
    #[serde(flatten)]
    pub component: ComponentInfo,
    /// The module's own description: asked in a sandbox without any grant.
    pub description: Option<Description>,
    /// What a run with the given configuration would need.
    pub asks: Option<AccessRequest>,
    /// What the configuration allows it, wildcards spelled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allows: Option<Vec<AllowedRule>>,
    /// Why the rest is missing.
    #[serde(skip)]
    pub error: Option<Error>,
}

impl ModuleProbe {
    /// `what` is a file (with a slash or the ending `.wasm`), `oci://…` in a registry, a built-in strategy, or
    /// a name under `modules` of the configuration.
    pub fn find(
        what: &str,
        registry: impl FnOnce(&Reference) -> Result<Registry>,
        config: impl FnOnce() -> Result<Config>,
    ) -> Result<Self> {
        if what.starts_with(SCHEME) {
            return Self::pulled(what, registry);
        }
        if what.contains('/') || what.ends_with(".wasm") {
            let name = Path::new(what).file_stem().unwrap_or_default();
            let source = Source::read(&name.to_string_lossy(), Path::new(what))?;
            // No cache: without a configuration it is unknown which folders modules may write.
            return Ok(Self::new(source, Engine::new(None)?, Some(what.to_owned())));
        }
        if BUILTIN.contains(&what) {
            return Self::builtin(what);
        }
        let config = config()?;
        let spec = config.modules.get(what);
        let spec = spec.ok_or_else(|| unknown(what, &config))?;
        let cache = cache_folder(&config);
        let source = source(&config, cache.as_deref(), what, spec)?;
        let place = spec.source.to_string();
        Ok(Self {
            allow: Some(spec.allow.clone()),
            ..Self::new(source, Engine::new(cache)?, Some(place))
        })
    }

    /// One in a registry, which is kept nowhere.
    fn pulled(what: &str, registry: impl FnOnce(&Reference) -> Result<Registry>) -> Result<Self> {
        let reference: Reference = what.parse().map_err(|wrong: String| {
            let message = format!("{what} is no module in a registry: {wrong}");
            Error::new(Kind::BadRequest, "bad-reference", message)
                .hint("write for example oci://registry.example/acme/redis_snapshot:1.2")
        })?;
        let registry = registry(&reference)?;
        let component = RegistryClient::new(&reference, &registry)?.pull(None)?;
        let name = reference.name.rsplit('/').next().unwrap_or_default();
        let source = Source::of(name, component.wasm, Limits::default());
        Ok(Self::new(source, Engine::new(None)?, Some(what.to_owned())))
    }

    fn builtin(name: &str) -> Result<Self> {
        Ok(Self::new(Source::builtin(name)?, Engine::new(None)?, None))
    }

    fn new(source: Source, engine: Engine, place: Option<String>) -> Self {
        Self {
            source,
            engine,
            place,
            allow: None,
        }
    }

    /// Whether it is part of this program.
    pub fn is_builtin(&self) -> bool {
        self.place.is_none()
    }

    /// What the configuration allows it.
    pub fn allow(&self) -> Option<&Allow> {
        self.allow.as_ref()
    }

    /// The component's file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// All that is known; with a `strategy.config`, also what it would ask for.
    pub fn inspect(&self, with: Option<&StrategyConfig>) -> Result<Inspection> {
        let mut inspection = Inspection {
            module: self.source.name().to_owned(),
            place: self.place.clone(),
            size: self.source.size(),
            sha256: self.source.digest().to_string(),
            component: self.source.info()?,
            description: None,
            asks: None,
            allows: self.allow.as_ref().map(rules_in_words),
            error: None,
        };
        inspection.error = self.ask(with, &mut inspection).err();
        Ok(inspection)
    }

    /// The JSON Schema of its `strategy.config`.
    pub fn schema(&self) -> Result<Value> {
        Ok(self.load()?.describe()?.config_schema)
    }

    /// Compiles it.
    pub fn load(&self) -> Result<Module> {
        Module::load(&self.engine, &self.source)
    }

    fn ask(&self, with: Option<&StrategyConfig>, inspection: &mut Inspection) -> Result<()> {
        let module = self.load()?;
        let description = module.describe()?;
        let config = with
            .map(|with| with.check(&description.config_schema))
            .transpose();
        inspection.description = Some(description);
        if let Some(config) = config? {
            let asked = module.plan(&config.to_string(), &[])?;
            inspection.asks = Some(asked.map_err(|failures| invalid_config(&failures))?);
        }
        Ok(())
    }
}

/// Every module that `strategy.type` may name.
pub fn inspect_all(
    config: &Config,
    engine: &Engine,
    cache_folder: Option<&Path>,
) -> Vec<(String, Result<Inspection>)> {
    let builtin = BUILTIN
        .iter()
        .map(|name| (*name, Source::builtin(name), None));
    let configured = config.modules.iter().map(|(name, spec)| {
        (
            name.as_str(),
            source(config, cache_folder, name, spec),
            Some(spec.source.to_string()),
        )
    });
    builtin
        .chain(configured)
        .map(|(name, source, place)| {
            let inspected = source
                .and_then(|source| ModuleProbe::new(source, engine.clone(), place).inspect(None));
            (name.to_owned(), inspected)
        })
        .collect()
}

/// The JSON Schema of `strategy.config` for a built-in strategy; none for others.
pub fn builtin_schema(strategy: &str) -> Option<Value> {
    ModuleProbe::builtin(strategy).ok()?.schema().ok()
}

fn unknown(what: &str, config: &Config) -> Error {
    let configured = config.modules.keys().map(String::as_str);
    let known: Vec<&str> = BUILTIN.into_iter().chain(configured).collect();
    Error::new(
        Kind::NotFound,
        "no-such-module",
        format!("there is no module {what}"),
    )
    .hint(format!(
        "name one of {}, or a file: ./{what}.wasm",
        known.join(", ")
    ))
}
