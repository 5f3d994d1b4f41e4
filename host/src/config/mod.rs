//! The operator's configuration: text → located values → checked, typed, resolved.
//!
//! Everything behind this module sees only [`Config`]: defaults filled in, variables substituted,
//! durations and sizes in their own types, secrets that cannot be printed.
//!
//! ```text
//! load ──► yaml ───────────────────────────► json_schema ─────────► one file per section ──► Config
//!          tree, positions, ${VAR}, values   types, names, forms    the rest, defaults
//! ```
//!
//! A section's file has its raw form (`RawStore`: what may be written; the JSON Schema is derived from
//! it, and its comments are the schema's descriptions), its checked form (`StoreSpec`), and `read`,
//! which makes one of the other. Every step adds its problems to one list, so that an operator sees
//! all of them at once.

mod yaml;

mod json_schema;

mod configuration;
mod environment;
mod files;
mod load;
mod section_reader;
mod strategy_config;
mod text_purpose;
mod trial;

mod app;
mod artifact;
mod base_url;
mod capabilities;
mod codec;
mod drill;
mod encryption;
mod fleet;
mod fleet_sidecars;
mod members;
mod module_allow;
mod module_argv;
mod module_confine;
mod module_isolation;
mod module_limits;
mod module_source;
mod modules;
mod modules_lock;
mod named_files;
mod notify;
mod oidc;
mod paths;
mod registries;
mod repository;
mod restore;
mod retention;
mod schedule;
mod secrets;
mod set;
mod store_credentials;
mod stores;
mod strategy;

mod cron;
mod duration;
mod oci_reference;
mod quantity;
mod registry_host;
mod secret;
mod size;
mod spelling;
mod tier;

pub use app::{App, Listen, Tls};
pub use artifact::ArtifactSpec;
pub use capabilities::Capabilities;
pub use codec::{Codec, Compression};
pub use configuration::{Config, Several, schema};
pub use drill::Drill;
pub use encryption::Encryption;
pub use environment::{Environment, Schemas};
pub use fleet::{FleetConfig, fleet_schema};
pub use fleet_sidecars::FleetSidecar;
pub use json_schema::usable_schema;
pub use load::{demo, load, load_fleet, parse, parse_fleet};
pub use module_allow::Allow;
pub use module_argv::{ArgumentKind, ArgumentRule, VaryingArgument, VectorRule};
pub use module_confine::Confine;
pub use module_limits::Limits;
pub use module_source::Origin;
pub use modules::ModuleSpec;
pub use modules_lock::LockRule;
pub use notify::{Event, Receiver, Target};
pub use oci_reference::{Reference, SCHEME};
pub use oidc::{CALLBACK_PATH, Oidc, is_confidential};
pub use paths::Paths;
pub use registries::{Login, Registry};
pub use repository::{Layout, RepositorySpec};
pub use restore::RestoreTarget;
pub use retention::{Policy, RetentionRule};
pub use schedule::ScheduleSpec;
pub use secret::Secret;
pub use secrets::{API_TOKEN, NamedToken, Secrets, TokenScope};
pub use set::{Quiesce, SET_FORMAT, SETS, SetSpec};
pub use store_credentials::Credentials;
pub use stores::{Addressing, Bucket, Place, StoreSpec};
pub use strategy::Strategy;
pub use strategy_config::{StrategyConfig, strategy_config};
pub use tier::Tier;
pub use trial::Trial;
pub use yaml::{ConfigProblem, ConfigProblems, Document, SourcePosition};

#[cfg(test)]
mod fleet_tests;
#[cfg(test)]
mod tests;
