//! What the strategies that run commands share: their configuration, their plan, their run,
//! their way back.

mod config;
mod plan;
mod restore;
mod run;

pub use config::Config;
pub use plan::{blank, plan, plan_around};
pub use restore::{plan_restore, restore};
pub use run::{around, backup, command};
