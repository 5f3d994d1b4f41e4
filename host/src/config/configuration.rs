//! The configuration as a whole: one field for each section.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::app::{self, App, RawApp};
use super::capabilities::{self, Capabilities, RawCapabilities};
use super::drill::{self, Drill, RawDrill};
use super::environment::Environment;
use super::json_schema;
use super::members::{self, RawMember};
use super::module_isolation;
use super::modules::{self, ModuleSpec, RawModule};
use super::modules_lock::{self, LockRule};
use super::notify::{self, RawNotify, Receiver};
use super::paths::{self, Paths, RawPaths};
use super::registries::{self, RawRegistry, Registry};
use super::repository;
use super::restore::{self, RawRestore, RestoreTarget};
use super::retention::{self, Policy, RawRetention};
use super::schedule::{self, RawSchedule, ScheduleSpec};
use super::secrets::{self, RawSecrets, Secrets};
use super::section_reader::SectionReader;
use super::set::{self, RawSet, SETS, SetSpec};
use super::stores::{self, RawStore, StoreSpec};
use super::strategy::{self, RawStrategy, Strategy};
use super::strategy_config::StrategyConfig;
use super::yaml::{ConfigProblem, ConfigProblems, Document};
use crate::redact;

/// The configuration of a sidecar.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Configuration of sidecar")]
#[expect(
    dead_code,
    reason = "the shape of the file; its sections are read one by one"
)]
struct RawConfig {
    app: Option<RawApp>,
    capabilities: RawCapabilities,
    /// What a run does. Either this or `strategies` is required.
    strategy: Option<RawStrategy>,
    /// Several of them, by name, in place of `strategy`.
    strategies: Option<BTreeMap<String, RawMember>>,
    set: Option<RawSet>,
    paths: RawPaths,
    secrets: RawSecrets,
    /// Strategies from elsewhere, by the name that `strategy.type` may give.
    modules: Option<BTreeMap<String, RawModule>>,
    /// Whether modules run only if `modules.lock` has them as they are: `required`; `optional`: if that file is there.
    #[schemars(extend("default" = "optional"))]
    modules_lock: Option<LockRule>,
    /// How registries of modules are reached, by their host (`registry.example:5000`).
    registries: Option<BTreeMap<String, RawRegistry>>,
    /// When runs start by themselves.
    schedule: Option<Vec<RawSchedule>>,
    /// Where backups are kept. Every backup goes to each of them.
    stores: Option<Vec<RawStore>>,
    retention: Option<RawRetention>,
    drill: Option<RawDrill>,
    restore: Option<RawRestore>,
    /// Who is told about runs.
    notify: Option<Vec<RawNotify>>,
}

/// The JSON Schema (2020-12) of a configuration, for editors and for our own check.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<RawConfig>();
    schema.insert("$id".to_owned(), "config.schema.json".into());
    let one_of = json!([{"required": [ONE]}, {"required": [SEVERAL]}]);
    schema.insert("oneOf".to_owned(), one_of);
    schema.to_value()
}

/// The keys of which a configuration has one.
const ONE: &str = "strategy";
const SEVERAL: &str = "strategies";

/// The same for the check of a file, which says itself what is wrong with both keys, or none.
fn schema_of(document: &Document) -> Value {
    let mut schema = schema();
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_remove("oneOf");
        let required = fields.get_mut("required").and_then(Value::as_array_mut);
        if document.get("/strategies").is_none()
            && let Some(required) = required
        {
            required.insert(1.min(required.len()), ONE.into());
        }
    }
    schema
}

/// A checked configuration: of a single strategy, of one of several, or of the set of them, whose members have
/// one each.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// What this strategy is called among several.
    pub member: Option<String>,
    /// Several strategies, and how they are backed up together. None: this is of one.
    pub several: Option<Several>,
    /// How the API listens.
    pub app: App,
    /// What the orchestrator is told.
    pub capabilities: Capabilities,
    /// What a run does.
    pub strategy: Strategy,
    /// Where a run works.
    pub paths: Paths,
    /// What callers must know.
    pub secrets: Secrets,
    /// Strategies from elsewhere, by name.
    pub modules: BTreeMap<String, ModuleSpec>,
    /// Whether they run without a `modules.lock`.
    pub modules_lock: LockRule,
    /// How registries are reached, by host.
    pub registries: BTreeMap<String, Registry>,
    /// Where backups are kept.
    pub stores: Vec<StoreSpec>,
    /// How long it keeps them.
    pub retention: Policy,
    /// When runs start by themselves.
    pub schedule: Vec<ScheduleSpec>,
    /// Who is told about runs.
    pub notify: Vec<Receiver>,
    /// How backups are tried.
    pub drill: Option<Drill>,
    /// Where backups may be restored to, beside where they came from.
    pub restore_targets: Vec<RestoreTarget>,
    /// The file's values and their positions, for mistakes that are found later.
    pub document: Arc<Document>,
}

/// Several strategies in one sidecar.
#[derive(Debug, Clone)]
pub struct Several {
    /// Each as if it were the only one, in the order of the file.
    pub members: Vec<Config>,
    /// Which of them are backed up together, and how.
    pub set: SetSpec,
}

impl Config {
    /// This one, and those of its members.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        let members = self.several.iter().flat_map(|several| &several.members);
        std::iter::once(self).chain(members)
    }

    /// Checks `strategy.config` with the JSON Schema that the module brings.
    ///
    /// Returns it as the schema wants it: a plain `123` where it expects text is "123".
    pub fn check_strategy(&self, schema: &Value) -> Result<Value, ConfigProblems> {
        self.strategy_config().check(schema)
    }

    /// The target of restores that has this name, or is it.
    pub fn restore_target(&self, into: &str) -> Option<&str> {
        let targets = || self.restore_targets.iter();
        let named = targets().find(|target| target.name == into);
        let found = named.or_else(|| targets().find(|target| target.into.reveal() == into));
        found.map(|target| target.into.reveal())
    }

    /// The strategy's own part, to be tried with another module.
    pub fn strategy_config(&self) -> StrategyConfig {
        StrategyConfig::of(self.document.clone())
    }

    /// What the module found wrong with `strategy.config`, as (message, hint), with its position.
    pub fn refused(
        &self,
        failures: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> ConfigProblems {
        let problem = |(message, hint): (String, Option<String>)| {
            self.document
                .key_problem("/strategy/config", message, hint.unwrap_or_default())
        };
        ConfigProblems::new(&self.file, failures.into_iter().map(problem).collect())
    }
}

/// Command lines stand at many places, and in the configurations of modules at any.
fn keep_in_lines(value: &Value) {
    match value {
        Value::String(text) => redact::keep_in_line(text),
        Value::Array(values) => {
            let words = values.iter().filter_map(Value::as_str);
            redact::keep_in_line(&words.collect::<Vec<_>>().join(" "));
            values.iter().for_each(keep_in_lines);
        }
        Value::Object(values) => values.values().for_each(keep_in_lines),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The configuration, or what is wrong with it. `problems` are those that were found so far.
pub(super) fn check(
    mut document: Document,
    environment: &Environment,
    mut problems: Vec<ConfigProblem>,
) -> Result<Config, Vec<ConfigProblem>> {
    document
        .get("")
        .iter()
        .for_each(|whole| keep_in_lines(whole));
    let schema = schema_of(&document);
    problems.extend(json_schema::check_file(&mut document, &schema));
    let document = Arc::new(document);
    let mut reader = SectionReader::new(&document, environment, problems);
    if reader.given("/strategies").is_none() {
        if reader.given("/set").is_some() {
            let write = "write `strategies:` instead of `strategy:`, or remove it";
            reader.key_problem("/set", "a set is made of several strategies", write);
        }
        let strategy = strategy::read(&mut reader);
        return read(reader, &document, strategy, None);
    }
    if reader.given("/strategy").is_some() {
        let wrong = "`strategy` and `strategies` cannot both be given";
        let write = "move what it says to a name of its own under `strategies`";
        reader.key_problem("/strategy", wrong, write);
    }
    let names = members::names(&mut reader);
    let set = set::read(&mut reader, &names);
    let strategy = set.strategy();
    let checked = names.iter().map(|name| {
        let in_set = set.members.contains(name);
        let view = Arc::new(members::view(&document, name, in_set));
        let mut reader = SectionReader::new(&view, environment, reader.problems().to_vec());
        let strategy = strategy::read(&mut reader);
        read(reader, &view, strategy, Some(name))
    });
    let mut members = Vec::new();
    let mut wrong = Vec::new();
    for checked in checked.collect::<Vec<_>>() {
        match checked {
            Ok(member) => members.push(member),
            Err(problems) => wrong.extend(problems),
        }
    }
    reader.add(wrong);
    members::require_lines_apart(&mut reader, &members);
    let mut config = read(reader, &document, Some(strategy), Some(SETS))?;
    config.several = Some(Several { members, set });
    Ok(config)
}

/// What `reader` sees, with the strategy that it has read. Of several, `part` is that of the strategy's name.
fn read(
    mut sections: SectionReader<'_>,
    document: &Arc<Document>,
    strategy: Option<Strategy>,
    part: Option<&str>,
) -> Result<Config, Vec<ConfigProblem>> {
    let reader = &mut sections;
    let member = part.filter(|part| *part != SETS);
    let app = app::read(reader);
    let capabilities = capabilities::read(reader);
    let paths = paths::read(reader);
    let secrets = secrets::read(reader);
    let modules = modules::read(reader);
    let modules_lock = modules_lock::read(reader);
    let stores = stores::read(reader);
    let retention = retention::read(reader);
    let schedule = schedule::read(reader);
    let notify = notify::read(reader);
    let drill = drill::read(reader);
    let restore_targets = restore::read(reader);
    let registries = registries::read(reader);
    if let Some(strategy) = &strategy {
        strategy::check_own_config(reader, &strategy.name);
    }
    if let (Some(strategy), Some(paths), Some(secrets)) = (&strategy, &paths, &secrets) {
        module_isolation::check(reader, &modules, &strategy.name, paths, secrets);
    }
    let from_elsewhere = strategy
        .as_ref()
        .is_some_and(|strategy| modules.contains_key(&strategy.name));
    let (capabilities, paths, stores, drill) = match (part, member) {
        (_, Some(name)) => (
            members::capabilities(reader, capabilities),
            paths.map(|paths| paths.part(name, from_elsewhere)),
            members::stores(reader, name, stores),
            drill,
        ),
        // Members are tried, each in its own way: a set is them.
        (Some(sets), None) => {
            let stores = stores.iter().map(|store| store.part(sets)).collect();
            (capabilities, paths, stores, None)
        }
        (None, None) => (capabilities, paths, stores, drill),
    };
    if let Some(strategy) = &strategy {
        repository::check(&mut sections, &stores, strategy);
    }
    let problems = sections.finish();
    match (capabilities, strategy, paths, secrets) {
        (Some(capabilities), Some(strategy), Some(paths), Some(secrets)) if problems.is_empty() => {
            Ok(Config {
                file: document.file().to_owned(),
                member: member.map(str::to_owned),
                several: None,
                app,
                capabilities,
                strategy,
                paths,
                secrets,
                modules,
                modules_lock,
                registries,
                stores,
                retention,
                schedule,
                notify,
                drill,
                restore_targets,
                document: document.clone(),
            })
        }
        _ => Err(problems),
    }
}
