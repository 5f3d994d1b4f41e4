//! What the strategies that run commands share: their configuration, their plan, their run.

mod config;
mod plan;
mod run;

pub use config::Config;
pub use plan::{blank, plan, plan_around};
pub use run::{around, backup, command};
