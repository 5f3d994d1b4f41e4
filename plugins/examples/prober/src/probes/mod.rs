//! The probes: a function of the host, what is wrong with the call, and the call.

mod artifact;
mod attributes;
mod commands;
mod deflate;
mod files;
mod programs;
mod source;
mod target;
mod told;
mod tree;

use sidecar_sdk::log;

use crate::config::Config;
use crate::probe::{During, set_granted};

/// Carries out the probe of that name, or `all` that do not end the run.
pub(crate) fn carry_out(during: During, wanted: &str, config: &Config) {
    let granted = config.read.first().cloned().unwrap_or_default();
    set_granted(granted);
    let all = [
        artifact::PROBES,
        attributes::PROBES,
        commands::PROBES,
        deflate::PROBES,
        files::PROBES,
        programs::PROBES,
        source::PROBES,
        target::PROBES,
        told::PROBES,
        tree::PROBES,
    ];
    for probe in all.into_iter().flatten() {
        let name = format!("{} {}", probe.function, probe.attack);
        let chosen = match wanted {
            "all" => !probe.traps,
            wanted => wanted == name,
        };
        if chosen && probe.during == during {
            let came = (probe.call)();
            log::info(&format!("probe: {name}: {came}"));
        }
    }
}
