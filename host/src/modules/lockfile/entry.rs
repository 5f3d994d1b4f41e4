//! What is accepted of one module.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::AccessRequest;
use crate::sandbox::Module;

/// Begins the variables by which commands are told what was chosen for a restore.
const CHOSEN: &str = "SIDE_CAR_RESTORE_";

/// What is accepted of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockEntry {
    /// Of the component.
    pub sha256: String,
    /// The version of `sidecar:strategy` that it was built for.
    pub built_for: String,
    /// Interfaces that it imports, without their versions: a patch release of WASI changes nothing.
    pub imports: BTreeSet<String>,
    /// What it asks for with this configuration; none of a module that the strategy does not use.
    #[serde(default, skip_serializing_if = "LockedAccess::is_empty")]
    pub access: LockedAccess,
    /// What its restores ask for, if it can tell; locks of earlier versions do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<LockedAccess>,
}

/// What a module asks for: the kind of access ("net"), and to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct LockedAccess(BTreeMap<String, BTreeSet<String>>);

impl LockEntry {
    /// Of a module as it is now, and what it asks for.
    pub(super) fn of(
        module: &Module,
        backup: Option<&AccessRequest>,
        restore: Option<&AccessRequest>,
    ) -> Self {
        let info = module.info();
        let version = info.built_for.map(|version| format!("@{version}"));
        Self {
            sha256: module.digest().to_string(),
            built_for: format!("sidecar:strategy{}", version.unwrap_or_default()),
            imports: info
                .imports
                .iter()
                .map(|name| without_version(name))
                .collect(),
            access: backup.map(LockedAccess::from).unwrap_or_default(),
            restore: restore.map(LockedAccess::of_restores),
        }
    }
}

impl LockedAccess {
    /// Without the host's own words on what was chosen: they differ from restore to restore, and are no access.
    fn of_restores(request: &AccessRequest) -> Self {
        let mut access = Self::from(request);
        if let Some(variables) = access.0.get_mut("env") {
            variables.retain(|name| !name.starts_with(CHOSEN));
        }
        access.0.retain(|_, things| !things.is_empty());
        access
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each kind of access with each thing that it names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let things = |(kind, things): (_, _)| {
            let kind: &String = kind;
            let things: &BTreeSet<String> = things;
            things
                .iter()
                .map(move |thing| (kind.as_str(), thing.as_str()))
        };
        self.0.iter().flat_map(things)
    }

    /// Whether it asks for this thing.
    pub(super) fn has(&self, kind: &str, thing: &str) -> bool {
        self.0
            .get(kind)
            .is_some_and(|things| things.contains(thing))
    }
}

impl From<&AccessRequest> for LockedAccess {
    fn from(request: &AccessRequest) -> Self {
        let mut access = Self::default();
        for (kind, thing) in request.lines() {
            access.0.entry(kind.to_owned()).or_default().insert(thing);
        }
        access
    }
}

/// "sidecar:strategy/artifact@0.1.0" → "sidecar:strategy/artifact"
fn without_version(interface: &str) -> String {
    interface.split('@').next().unwrap_or_default().to_owned()
}
