//! The configuration of a fleet: the sidecars that one page shows.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::app::{self, Listen, RawListen};
use super::duration::{RawDuration, duration};
use super::environment::Environment;
use super::files::files_of;
use super::fleet_sidecars::{self, FleetSidecar, RawFleetSidecar};
use super::json_schema;
use super::secrets::{self, RawSecrets, Secrets};
use super::section_reader::SectionReader;
use super::yaml::{ConfigProblem, Document};

/// A sidecar locks out an address that sends more than 20 wrong tokens a minute.
const SHORTEST_INTERVAL: &str = "5s";
const SHORTEST_TIMEOUT: &str = "100ms";

/// The configuration of a fleet of sidecars.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Configuration of a fleet of sidecars")]
#[expect(
    dead_code,
    reason = "the shape of the file; its sections are read one by one"
)]
struct RawFleet {
    app: Option<RawListen>,
    secrets: RawSecrets,
    /// Time between an answer of a sidecar and the next question to it.
    #[schemars(extend("default" = "15s"))]
    interval: Option<RawDuration>,
    /// How long a sidecar may take to answer.
    #[schemars(extend("default" = "3s"))]
    timeout: Option<RawDuration>,
    /// The sidecars, by names that differ.
    #[schemars(length(min = 1))]
    sidecars: Vec<RawFleetSidecar>,
}

/// The JSON Schema (2020-12) of a fleet's configuration, for editors and for our own check.
pub fn fleet_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<RawFleet>();
    schema.insert("$id".to_owned(), "fleet.schema.json".into());
    schema.to_value()
}

/// A checked configuration of a fleet.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    /// How the page and the API listen.
    pub listen: Listen,
    /// What callers must know.
    pub secrets: Secrets,
    /// Time between an answer of a sidecar and the next question to it.
    pub interval: Duration,
    /// How long a sidecar may take to answer.
    pub timeout: Duration,
    /// In the order of the file.
    pub sidecars: Vec<FleetSidecar>,
    /// What it was made of: the file itself, those that its keys `…_file` name, and the certificate with its key.
    pub files: Vec<PathBuf>,
}

/// The configuration, or what is wrong with it. `problems` are those that were found so far.
pub(super) fn check(
    mut document: Document,
    environment: &Environment,
    mut problems: Vec<ConfigProblem>,
) -> Result<FleetConfig, Vec<ConfigProblem>> {
    problems.extend(json_schema::check_file(&mut document, &fleet_schema()));
    let mut reader = SectionReader::new(&document, environment, problems);
    let listen = app::read_listen(&mut reader);
    let secrets = secrets::read(&mut reader);
    let interval = span(
        &mut reader,
        "/interval",
        Duration::from_secs(15),
        SHORTEST_INTERVAL,
    );
    let timeout = span(
        &mut reader,
        "/timeout",
        Duration::from_secs(3),
        SHORTEST_TIMEOUT,
    );
    let sidecars = fleet_sidecars::read(&mut reader);
    let problems = reader.finish();
    let files = files_of(document.file().to_owned(), &document, &listen);
    match secrets {
        Some(secrets) if problems.is_empty() => Ok(FleetConfig {
            listen,
            secrets,
            interval,
            timeout,
            sidecars,
            files,
        }),
        _ => Err(problems),
    }
}

/// A duration, and what it has to be at least, as it is written.
fn span(reader: &mut SectionReader<'_>, at: &str, default: Duration, least: &str) -> Duration {
    let span = reader.read(at).map_or(default, |span: RawDuration| span.0);
    if duration(least).is_some_and(|least| span < least) {
        reader.problem(at, "this is too short", format!("write at least `{least}`"));
    }
    span
}
