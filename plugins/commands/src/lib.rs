//! What the strategies that run commands share: configuration, plan, run and restore.

mod config;
mod elsewhere;
mod mentions;
mod plan;
mod programs;
mod restore;
mod run;
mod shell;
mod variables;
mod writers;

pub use config::Config;
pub use plan::{blank, plan, plan_hooks};
pub use restore::{plan_restore, restore};
pub use run::{backup, command, with_hooks};
pub use variables::INTO;
