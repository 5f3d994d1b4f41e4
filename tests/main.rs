//! The specification: what a user, an orchestrator or an operator sees, tried on the real binary.
//!
//! One module for each feature; `harness` holds the words they are written in.
#![allow(clippy::unwrap_used)]

mod api;
mod architecture;
mod archives;
mod cancelling;
mod check;
mod check_stores;
mod codecs;
mod container;
mod contract_v1;
mod crashes;
mod custom;
mod databases;
mod denials;
mod drills;
mod engines;
mod engines_postgres;
mod engines_restore;
mod export_with_stores;
mod failures;
mod first_contact;
mod four_hundred_nights;
mod harness;
mod https;
mod jobs;
mod killed_while_publishing;
mod lifecycle;
mod lock;
mod memory;
mod module_command;
mod module_test;
mod modules;
mod nightly;
mod notifications;
mod one_run;
mod page;
mod progress;
mod redis_snapshot;
mod registry;
mod replicas;
mod restore;
mod runs;
mod schedule;
mod signatures;
mod stored_over_http;
mod stores;
mod streaming;
mod tutorial;
