//! Stores that are folders: nothing half written under its own name, and nothing renamed that a power
//! cut could undo.

mod age;
mod backend;
mod conditional;
mod error;
mod folder;
mod partial;

pub(super) use backend::LocalBackend;
