//! The SDK for sidecar strategies in Rust.
//!
//! A strategy is a type that implements [`Strategy`]; [`export!`] makes a component of it. One that
//! also restores its backups implements [`Restore`], and [`export_restorable!`] makes its component. The
//! host checks the operator's configuration with the schema derived from [`Strategy::Config`],
//! so the strategy only ever sees a typed value.

mod artifact;
pub mod attributes;
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod bindings;
pub mod choices;
mod commands;
mod connection;
pub mod deflate;
mod export;
mod failure;
pub mod files;
mod findings;
mod imports;
pub mod log;
pub mod omissions;
mod preflight;
mod programs;
pub mod restore;
mod runnable;
mod source;
mod strategy;
mod strings;
pub mod target;
pub mod temp_dump;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod tree;
mod types;

pub use artifact::Artifact;
pub use connection::is_connection_variable;
pub use findings::Findings;
pub use restore::Restore;
pub use runnable::Runnable;
pub use source::Source;
pub use strategy::{Module, Run, Strategy};
pub use strings::Strings;
pub use types::{Captured, Command, Entry, Failure, Finished, Omission, Plan, Program, Result};

/// The module in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
