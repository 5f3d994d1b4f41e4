//! What a strategy for sidecar is written with.
//!
//! A strategy is a type that implements [`Strategy`]; [`export!`] makes a component of it. One that
//! also gives backups back implements [`Restore`], and [`export_restorable!`] makes its component. The
//! host checks the operator's configuration with the schema derived from [`Strategy::Config`],
//! so the strategy only ever sees a typed value.

mod artifact;
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod bindings;
mod border;
mod commands;
pub mod deflate;
mod failure;
pub mod files;
pub mod log;
pub mod restore;
mod source;
mod strategy;
mod strings;
pub mod target;
pub mod temp_dump;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use artifact::Artifact;
pub use bindings::exports::sidecar::strategy::strategy::Plan;
pub use bindings::sidecar::strategy::commands::{Captured, Command, Finished};
pub use bindings::sidecar::strategy::files::Entry;
pub use bindings::sidecar::strategy::types::Failure;
pub use restore::Restore;
pub use source::Source;
pub use strategy::{Module, Run, Strategy};
pub use strings::Strings;

/// The result of everything that a strategy does.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The module in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
