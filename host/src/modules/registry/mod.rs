//! Modules in an OCI registry.

mod cache;
mod client;
mod connection;
mod credentials;
mod errors;
mod identity;
mod layout;
mod reference;
mod transfer;

pub(super) use cache::ModuleCache;
pub use client::Pushed;
pub(super) use client::RegistryClient;
pub use transfer::{Pulled, pull, push};
