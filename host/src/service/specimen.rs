//! A module looked at from outside: what its file is, what it says, what it would ask for.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::Service;
use crate::config::{Alone, Config};
use crate::error::{Error, Kind, Result};
use crate::plan::Request;
use crate::sandbox::{Anatomy, Description, Engine, Module, Source};

/// The strategies of this house.
pub(super) const BUILTIN: [&str; 3] = ["custom", "database_dump", "file_archive"];

/// A module that somebody named, and an engine to try it with.
pub struct Specimen {
    pub(super) source: Source,
    pub(super) engine: Engine,
    place: Option<String>,
}

/// What is known of a module: as much as it tells.
#[derive(Serialize)]
pub struct Inspection {
    /// The name that it goes by: in the configuration, or the file's.
    pub module: String,
    /// Where it lies; the strategies of this house are in the binary.
    #[serde(rename = "file")]
    pub place: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex: what `modules.NAME.sha256` wants.
    pub sha256: String,
    /// What the file says.
    #[serde(flatten)]
    pub anatomy: Anatomy,
    /// What the module says of itself: asked in a sandbox without any grant.
    pub description: Option<Description>,
    /// What a run with the given configuration would need.
    pub asks: Option<Request>,
    /// Why it does not tell more.
    #[serde(skip)]
    pub error: Option<Error>,
}

impl Specimen {
    /// `what` is a file (with a slash or the ending `.wasm`), a built-in strategy, or a name under
    /// `modules` of the configuration.
    pub fn find(what: &str, config: impl FnOnce() -> Result<Config>) -> Result<Self> {
        if what.contains('/') || what.ends_with(".wasm") {
            let name = Path::new(what).file_stem().unwrap_or_default();
            let source = Source::read(&name.to_string_lossy(), Path::new(what))?;
            // Nobody knows whether the cache is safe from modules.
            return Ok(Self::new(source, Engine::new(None)?, Some(what.to_owned())));
        }
        if BUILTIN.contains(&what) {
            return Ok(Self::new(Source::builtin(what)?, Engine::new(None)?, None));
        }
        let service = Service::new(config()?)?;
        let configured = service.config.modules.get(what);
        let spec = configured.ok_or_else(|| unknown(what, &service.config))?;
        let source = service.source(what, spec)?;
        let place = spec.source.to_string();
        Ok(Self::new(source, service.engine.clone(), Some(place)))
    }

    fn new(source: Source, engine: Engine, place: Option<String>) -> Self {
        Self {
            source,
            engine,
            place,
        }
    }

    /// The name that it goes by.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// All that it tells; with a `strategy.config`, also what it would ask for.
    pub fn inspect(&self, with: Option<&Alone>) -> Result<Inspection> {
        let mut inspection = Inspection {
            module: self.source.name().to_owned(),
            place: self.place.clone(),
            size: self.source.size(),
            sha256: self.source.digest().to_string(),
            anatomy: self.source.anatomy()?,
            description: None,
            asks: None,
            error: None,
        };
        inspection.error = self.question(with, &mut inspection).err();
        Ok(inspection)
    }

    /// The JSON Schema of its `strategy.config`.
    pub fn schema(&self) -> Result<Value> {
        Ok(self.load()?.describe()?.config_schema)
    }

    pub(super) fn load(&self) -> Result<Module> {
        Module::load(&self.engine, &self.source)
    }

    fn question(&self, with: Option<&Alone>, inspection: &mut Inspection) -> Result<()> {
        let module = self.load()?;
        let description = module.describe()?;
        let config = with
            .map(|with| with.check(&description.config_schema))
            .transpose();
        inspection.description = Some(description);
        if let Some(config) = config? {
            let asked = module.plan(&config.to_string(), &[])?;
            inspection.asks = Some(asked.map_err(objections)?);
        }
        Ok(())
    }
}

/// All that a module has against a configuration, in one error.
pub(super) fn objections(failures: Vec<Error>) -> Error {
    let words = |error: &Error| match error.hint_text() {
        Some(hint) => format!("{} ({hint})", error.message()),
        None => error.message().to_owned(),
    };
    let all: Vec<String> = failures.iter().map(words).collect();
    Error::new(Kind::Config, "config-invalid", all.join("; "))
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

impl Service {
    /// Every module that `strategy.type` may name, and what it tells.
    pub fn modules(&self) -> Vec<(String, Result<Inspection>)> {
        let builtin = BUILTIN
            .iter()
            .map(|name| (*name, Source::builtin(name), None));
        let configured = self.config.modules.iter().map(|(name, spec)| {
            (
                name.as_str(),
                self.source(name, spec),
                Some(spec.source.to_string()),
            )
        });
        builtin
            .chain(configured)
            .map(|(name, source, place)| {
                let inspected = source.and_then(|source| {
                    Specimen::new(source, self.engine.clone(), place).inspect(None)
                });
                (name.to_owned(), inspected)
            })
            .collect()
    }
}
