//! The map of this house: see `host/README.md`.

pub mod artifact;
pub mod cancel;
pub mod clock;
pub mod command;
pub mod config;
pub mod door;
pub mod error;
pub mod history;
pub mod lifecycle;
pub mod notify;
pub mod plan;
pub mod retention;
pub mod sandbox;
pub mod scaffold;
pub mod schedule;
pub mod service;
pub mod store;
pub mod supply;
