//! `--allow`: what a module that is tried may do.

use clap::Args;

use crate::config::{self, Trial};
use crate::error::Result;
use crate::service::{ModuleProbe, Permission};

/// Allows whatever the plan asks for.
const PLANNED: &str = "planned";

/// What a module that is tried may do for real.
#[derive(Debug, Args)]
pub(super) struct AllowArgs {
    /// What the module may do, as under modules.NAME.allow: commands=LINE, argv=[PROGRAM, WORD, …],
    /// read=PATH, net=HOST:PORT, env=NAME, follow_links; or `planned`: everything that it plans
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) allow: Vec<String>,
}

impl AllowArgs {
    /// Whether everything is allowed.
    pub(super) fn is_planned(&self) -> bool {
        self.allow.iter().any(|given| given == PLANNED)
    }

    /// For the conformance kit. A built-in strategy is part of this program, and one of the configuration has
    /// its permission there.
    pub(super) fn permission(&self, probe: &ModuleProbe) -> Result<Permission> {
        if self.is_planned() || probe.is_builtin() {
            return Ok(Permission::Planned);
        }
        let trial = Trial {
            name: "tried",
            source: "/tried.wasm",
            sha256: None,
            allow: &self.allow,
            timeout: "1m",
        };
        let mut allow = trial.permission(&config::Environment::of_process())?;
        if let Some(configured) = probe.allow() {
            allow.add(configured.clone());
        }
        Ok(Permission::Only(allow))
    }
}
