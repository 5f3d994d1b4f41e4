//! How far the kernel confines the commands of a module from elsewhere, and what they reach even so.

use std::path::Path;

use crate::command::Confinement;
use crate::config::{Config, Confine};
use crate::plan::AccessVerdict;
use crate::sandbox::{Findings, holds_sockets, not_confined};

/// What is known of it.
pub(super) struct ConfinementCheck {
    /// `full`, `partial (no …)`, `none`.
    pub(super) state: String,
    /// What commands reach even so.
    pub(super) unconfined: Vec<String>,
    /// Where it is not full.
    pub(super) findings: Findings,
}

/// For a module from elsewhere that has commands.
pub(super) fn find(config: &Config, grants: &[&AccessVerdict]) -> Option<ConfinementCheck> {
    let name = &config.strategy.name;
    let spec = config.modules.get(name)?;
    let asks_for = |access: &str| grants.iter().any(|grant| grant.access == access);
    if !asks_for("commands") && !asks_for("argv") {
        return None;
    }
    let mut unconfined = Vec::new();
    if asks_for("net") {
        unconfined.push(format!(
            "commands of module {name} may connect to the granted ports of every host, and send datagrams: the kernel judges neither"
        ));
    }
    let is_socket =
        |grant: &&&AccessVerdict| grant.access == "read" && holds_sockets(Path::new(&grant.asked));
    if grants.iter().any(|grant| is_socket(&grant)) {
        unconfined.push(format!(
            "commands of module {name} may connect to every socket that is a file: the kernel does not tell them apart"
        ));
    }
    let state = Confinement::here();
    let mut findings = Findings::default();
    let judged = match spec.confine {
        Confine::Auto => &mut findings.warnings,
        Confine::Required => &mut findings.failures,
    };
    judged.extend(not_confined(name, state));
    Some(ConfinementCheck {
        state: state.to_string(),
        unconfined,
        findings,
    })
}
