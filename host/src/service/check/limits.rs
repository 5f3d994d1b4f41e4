//! What modules may use, compared with what this container has.

use crate::config::Config;
use crate::error::{Error, Kind};
use crate::sandbox::{Findings, container_memory, left_for_modules};

/// A module that may use more memory than there is takes the sidecar with it.
pub(super) fn check_memory(config: &Config) -> Findings {
    let there = container_memory();
    let left = left_for_modules(there);
    let mut found = Findings::default();
    for (name, module) in &config.modules {
        let Some(wanted) = module.limits.memory.filter(|wanted| *wanted > left) else {
            continue;
        };
        let key = format!("modules.{name}.limits.memory");
        let hint = format!(
            "write at most {}MiB, leave it out for as much as there is, or give the container more memory",
            left >> 20
        );
        let error =
            |code: &'static str, message| Error::new(Kind::Config, code, message).hint(hint);
        match wanted > there {
            true => {
                let message = format!(
                    "{key} is {}, and this container has {}",
                    mib(wanted),
                    mib(there)
                );
                found.failures.push(error("memory-not-there", message));
            }
            false => {
                let message = format!(
                    "{key} is {} of the {} that this container has: the sidecar needs some of it too",
                    mib(wanted),
                    mib(there)
                );
                found.warnings.push(error("memory-tight", message));
            }
        }
    }
    found
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
