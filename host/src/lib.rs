//! The map of this house: see `host/README.md`.

pub mod artifact;
pub mod cancel;
pub mod clock;
pub mod command;
pub mod config;
pub mod digest;
mod display;
pub mod error;
mod exchange;
pub mod fleet;
pub mod frontend;
pub mod fs_atomic;
pub mod history;
mod http_client;
pub mod lifecycle;
pub mod modules;
pub mod notify;
pub mod paths;
pub mod plan;
pub mod redact;
pub mod repository;
pub mod retention;
pub mod run_log;
pub mod sandbox;
pub mod schedule;
pub mod service;
pub mod store;
