//! Located values → [`Config`]: what a schema cannot say, and the defaults.
//!
//! Each section is read for itself, so that a mistake in one does not hide those in another.

mod drill;
mod modules;
mod notify;
mod registries;
mod retention;
mod schedule;
mod secrets;
mod stores;
mod strategy;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::Document;
use super::environment::Environment;
use super::model::{App, Capabilities, Config, Paths, Secrets, Tls};
use super::problem::Problem;
use super::raw;

/// The configuration, or what is wrong with it beyond `problems`, which the schema found.
pub(super) fn check(
    document: Document,
    environment: &Environment,
    problems: Vec<Problem>,
) -> Result<Config, Vec<Problem>> {
    let document = Arc::new(document);
    let mut check = Check {
        document: &document,
        environment,
        problems,
        unreadable: Vec::new(),
    };
    let sections = (
        check.app(),
        check.capabilities(),
        check.strategy(),
        check.paths(),
        check.secrets(),
        check.modules(),
        check.stores(),
        check.retention(),
    );
    let (schedule, notify, drill) = (check.schedule(), check.notify(), check.drill());
    let registries = check.registries();
    if let Some(strategy) = &sections.2 {
        check.with_the_strategys_own(&strategy.name);
    }
    if let (_, _, Some(strategy), Some(paths), Some(secrets), modules, ..) = &sections {
        check.isolation(modules, &strategy.name, paths, secrets);
    }
    let problems = check.finish();
    match sections {
        (
            Some(app),
            Some(capabilities),
            Some(strategy),
            Some(paths),
            Some(secrets),
            modules,
            stores,
            retention,
        ) if problems.is_empty() => {
            let file = document.file().to_owned();
            Ok(Config {
                file,
                app,
                capabilities,
                strategy,
                paths,
                secrets,
                modules,
                registries,
                stores,
                retention,
                schedule,
                notify,
                drill,
                document,
            })
        }
        _ => Err(problems),
    }
}

struct Check<'a> {
    document: &'a Document,
    environment: &'a Environment,
    problems: Vec<Problem>,
    unreadable: Vec<String>,
}

impl Check<'_> {
    /// A section in its own type; none if it is not there, or not as the schema wants it.
    fn read<T: DeserializeOwned>(&mut self, pointer: &str) -> Option<T> {
        let value = self
            .document
            .get(pointer)
            .filter(|value| !value.is_null())?;
        let read = serde_json::from_value(value.clone()).ok();
        if read.is_none() {
            self.unreadable.push(pointer.to_owned());
        }
        read
    }

    /// A section that may be left out.
    fn read_or_default<T: DeserializeOwned + Default>(&mut self, pointer: &str) -> T {
        self.read(pointer).unwrap_or_default()
    }

    /// The pointers of a list's items.
    fn items(&self, list: &str) -> Vec<String> {
        let length = self
            .given(list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..length).map(|index| format!("{list}/{index}")).collect()
    }

    fn problem(&mut self, pointer: &str, wrong: impl Into<String>, write: impl Into<String>) {
        if !self.document.is_broken(pointer) {
            self.problems
                .push(self.document.problem(pointer, wrong, write));
        }
    }

    fn key_problem(&mut self, pointer: &str, wrong: impl Into<String>, write: impl Into<String>) {
        self.problems
            .push(self.document.key_problem(pointer, wrong, write));
    }

    /// What stands at a pointer, unless it is nothing.
    fn given(&self, pointer: &str) -> Option<&Value> {
        self.document.get(pointer).filter(|value| !value.is_null())
    }

    /// A file that has mistakes anyway: those in `strategy.config` belong to the same list.
    fn with_the_strategys_own(&mut self, strategy: &str) {
        if !self.problems.is_empty()
            && let Some(schema) = self.environment.schema(strategy)
            && let Err(more) = self.document.check("/strategy/config", &schema)
        {
            self.problems.extend(more.into_list());
        }
    }

    /// Whatever our types cannot read must have been refused by the schema; if it was not, say so
    /// without the values.
    fn finish(mut self) -> Vec<Problem> {
        if self.problems.is_empty() {
            for pointer in std::mem::take(&mut self.unreadable) {
                self.key_problem(
                    &pointer,
                    "this section cannot be read",
                    "compare it with config/README.md, and report it as a bug of sidecar",
                );
            }
        }
        self.problems
    }

    fn app(&mut self) -> Option<App> {
        let app: raw::App = self.read_or_default("/app");
        let tls = app.tls.map(|tls| Tls {
            cert: self.environment.absolute(tls.cert),
            key: self.environment.absolute(tls.key),
        });
        let within = app.export.unwrap_or_default().first_byte_within;
        Some(App {
            port: app.port.unwrap_or(8000),
            host: app.host.unwrap_or_else(|| "0.0.0.0".to_owned()),
            tls,
            first_byte_within: within.map_or(Duration::from_secs(240), |span| span.0),
        })
    }

    fn capabilities(&mut self) -> Option<Capabilities> {
        let raw: raw::Capabilities = self.read("/capabilities")?;
        Some(Capabilities {
            version: raw.version,
            types: raw.types,
            est_seconds: raw.est_seconds,
            est_size: raw.est_size,
        })
    }

    fn paths(&mut self) -> Option<Paths> {
        let raw: raw::Paths = self.read("/paths")?;
        let keep = raw
            .keep_undelivered
            .map_or(Duration::from_secs(24 * 3600), |span| span.0);
        let paths = Paths {
            workdir: self.environment.absolute(raw.workdir),
            artifacts: self.environment.absolute(raw.artifacts),
            temp_dump: self.environment.absolute(raw.temp_dump),
            keep_undelivered: keep,
        };
        if paths.temp_dump == paths.workdir || paths.temp_dump == paths.artifacts {
            self.problem(
                "/paths/temp_dump",
                "this is one of the directories above",
                "write a file of its own, such as `/var/lib/sidecar/tmp/dump.tmp`",
            );
        }
        // Modules see the directories of a run: the root among them would show them everything.
        for (at, path) in [
            ("/paths/workdir", Some(paths.workdir.as_path())),
            ("/paths/artifacts", Some(paths.artifacts.as_path())),
            ("/paths/temp_dump", paths.temp_dump.parent()),
        ] {
            if path.is_none_or(|path| path.parent().is_none()) {
                self.problem(
                    at,
                    "this would open the whole file system to modules",
                    "write a path in a directory of its own, such as below `/var/lib/sidecar`",
                );
            }
        }
        Some(paths)
    }

    fn secrets(&mut self) -> Option<Secrets> {
        self.api_token().map(|api_token| Secrets { api_token })
    }

    /// The directory that the configuration file is in.
    fn home(&self) -> PathBuf {
        let file = self.environment.absolute(self.document.file());
        file.parent()
            .map_or(file.clone(), std::path::Path::to_owned)
    }

    /// The names below `modules`, valid or not.
    fn module_names(&self) -> Vec<String> {
        let modules = self.given("/modules").and_then(Value::as_object);
        modules
            .into_iter()
            .flat_map(|modules| modules.keys().cloned())
            .collect()
    }
}
