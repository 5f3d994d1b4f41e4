//! `strategies`: several of them in one sidecar, each with its own artifact, schedule, stores, retention and drill.
//!
//! Each is read through a view of the file in which it is the only one ([`view`]): what it does not say itself is
//! said by the top level, and no other section knows that there are several.

use std::path::{Component, Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::artifact::RawArtifact;
use super::capabilities::Capabilities;
use super::configuration::Config;
use super::drill::RawDrill;
use super::duration::RawDuration;
use super::retention::RawRetention;
use super::schedule::RawSchedule;
use super::section_reader::SectionReader;
use super::set::{NAME as SET, SETS};
use super::spelling::nearest;
use super::stores::{RawStoreName, StoreSpec};
use super::tier::Tier;
use super::yaml::{Document, pointer};

/// One of several strategies. A key of the lower half replaces the whole top-level key for this one.
#[derive(JsonSchema)]
#[schemars(rename = "Member", deny_unknown_fields)]
#[expect(dead_code, reason = "each is read through a view of the file")]
pub(super) struct RawMember {
    /// `database_dump`, `file_archive`, `custom`, or a name under `modules`; as in `strategy.type`.
    #[schemars(length(min = 1), extend("examples" = ["database_dump", "file_archive", "custom"]))]
    r#type: String,
    /// A run that takes longer is cancelled and failed; 0 means no limit.
    #[schemars(extend("default" = "2h"))]
    timeout: Option<RawDuration>,
    /// How long each line of `post` may take after a run that was stopped.
    #[schemars(extend("default" = "60s"))]
    post_timeout: Option<RawDuration>,
    artifact: Option<RawArtifact>,
    /// The strategy's own configuration, checked with the schema that its module brings.
    config: Option<Map<String, Value>>,
    capabilities: Option<RawMemberCapabilities>,
    /// When it runs alone, beside the runs of the set. One that is in no set also runs by the top level's.
    schedule: Option<Vec<RawSchedule>>,
    /// The names of the stores that get it; left out: all.
    #[schemars(length(min = 1), extend("examples" = [["minio"]]))]
    stores: Option<Vec<RawStoreName>>,
    retention: Option<RawRetention>,
    drill: Option<RawDrill>,
}

/// What the orchestrator is told about one of several strategies.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberCapabilities")]
pub(super) struct RawMemberCapabilities {
    /// What it backs up, in free words.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("examples" = [["database"]]))]
    types: Option<Vec<String>>,
    /// About how many seconds it takes.
    #[schemars(extend("examples" = [120]))]
    est_seconds: Option<u64>,
    /// About how many bytes its artifact has.
    #[schemars(extend("examples" = [104857600]))]
    est_size: Option<u64>,
}

/// Sections that a strategy may have of its own, in place of the top level's.
const OWN: [&str; 3] = ["schedule", "retention", "drill"];

/// Letters of a name at most.
const LONGEST: usize = 31;

/// The names, in the order of the file.
pub(super) fn names(reader: &mut SectionReader<'_>) -> Vec<String> {
    let names = reader.keys("/strategies");
    for name in &names {
        if let Some(wrong) = wrong_name(name) {
            let at = pointer::child("/strategies", name);
            let write = "write a name such as `db` or `uploads`: a-z, 0-9 and -, at most 31 of them, a letter first";
            reader.key_problem(&at, wrong, write);
        }
    }
    if names.is_empty() && reader.given("/strategies").is_some_and(Value::is_object) {
        let write = "add one, such as `db: {type: postgres, config: {…}}`";
        reader.key_problem("/strategies", "there is no strategy in it", write);
    }
    names
}

/// A name is a folder of the stores and of `paths.artifacts`.
fn wrong_name(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let first = name.bytes().next();
    if !first.is_some_and(|first| first.is_ascii_lowercase())
        || name.len() > LONGEST
        || !name.bytes().all(plain)
    {
        return Some("this cannot name a strategy".to_owned());
    }
    let tier = Tier::ALL.iter().any(|tier| tier.name() == name);
    if name == SET {
        return Some("`set` is what runs and schedules call the set of all".to_owned());
    }
    (tier || name == SETS).then(|| format!("`{name}` is the name of a folder in the stores"))
}

/// The file as the strategy `name` sees it. One that is `in_set` runs alone by its own schedule only.
pub(super) fn view(document: &Document, name: &str, in_set: bool) -> Document {
    let own = pointer::child("/strategies", name);
    let section = |key: &str| {
        let own = pointer::child(&own, key);
        let given = document.get(&own).is_some_and(|value| !value.is_null());
        match (given, key) {
            (true, _) => Some(own),
            (false, "schedule") if in_set => None,
            (false, key) => Some(format!("/{key}")),
        }
    };
    let [schedule, retention, drill] = OWN.map(section);
    document.view(&[
        ("/strategy", Some(own)),
        ("/schedule", schedule),
        ("/retention", retention),
        ("/drill", drill),
    ])
}

/// The stores of the strategy that `reader` sees, called `name`: those that it names, or all.
pub(super) fn stores(
    reader: &mut SectionReader<'_>,
    name: &str,
    all: Vec<StoreSpec>,
) -> Vec<StoreSpec> {
    let wanted = reader.items("/strategy/stores");
    let chosen = match reader.given("/strategy/stores") {
        None => all,
        Some(_) => {
            let mut chosen: Vec<StoreSpec> = Vec::new();
            for at in wanted {
                let Some(RawStoreName(wanted)) = reader.read(&at) else {
                    continue;
                };
                match all.iter().find(|store| store.name == wanted) {
                    Some(store) if chosen.iter().all(|chosen| chosen.name != wanted) => {
                        chosen.push(store.clone());
                    }
                    Some(_) => reader.problem(&at, "it is named twice", "remove one"),
                    None => {
                        let known = all.iter().map(|store| store.name.as_str());
                        let write = match nearest(&wanted, known) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "write the name of one under `stores`".to_owned(),
                        };
                        reader.problem(&at, "no store has this name", write);
                    }
                }
            }
            chosen
        }
    };
    chosen.iter().map(|store| store.part(name)).collect()
}

/// What the orchestrator is told of the strategy that `reader` sees: only its own estimates are its own.
pub(super) fn capabilities(
    reader: &mut SectionReader<'_>,
    of_all: Option<Capabilities>,
) -> Option<Capabilities> {
    let own: RawMemberCapabilities = reader.read_or_default("/strategy/capabilities");
    of_all.map(|of_all| Capabilities {
        types: own.types.unwrap_or(of_all.types),
        est_seconds: own.est_seconds,
        est_size: own.est_size,
        version: of_all.version,
    })
}

/// No command starts in the folder of a member that is a module from elsewhere.
pub(super) fn require_lines_apart(reader: &mut SectionReader<'_>, members: &[Config]) {
    let from_elsewhere = |member: &&Config| member.modules.contains_key(&member.strategy.name);
    for member in members.iter().filter(|member| !from_elsewhere(member)) {
        let workdir = member.strategy.config.get("workdir");
        let Some(below) = workdir.and_then(Value::as_str) else {
            continue;
        };
        let starts = normal(&member.paths.workdir.join(below));
        let mut foreign = members.iter().filter(from_elsewhere);
        if foreign.any(|foreign| starts.starts_with(&foreign.paths.workdir)) {
            let name = member.member.as_deref().unwrap_or_default();
            let at = format!("{}/config/workdir", pointer::child("/strategies", name));
            let wrong = "a module from elsewhere writes in this folder, and what it lays there would act in the commands";
            reader.key_problem(&at, wrong, "name a folder that is not a strategy's own");
        }
    }
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}
