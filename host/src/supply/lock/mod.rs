//! `modules.lock`: what the operator has accepted of each module. Without the file, whatever the
//! configuration names is accepted.

mod difference;
mod file;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use file::Lock;

use crate::plan::Request;

/// What is accepted of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Of the component.
    pub sha256: String,
    /// The version of `sidecar:strategy` that it was built for.
    pub built_for: String,
    /// Interfaces that it imports, without their versions: a patch release of WASI changes nothing.
    pub imports: BTreeSet<String>,
    /// What it asks for with this configuration; none of a module that the strategy does not use.
    #[serde(default, skip_serializing_if = "Access::is_empty")]
    pub access: Access,
}

/// What a module asks for: the kind of access ("net"), and to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Access(BTreeMap<String, BTreeSet<String>>);

impl Access {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each kind with each thing.
    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let things = |(kind, things): (_, _)| {
            let kind: &String = kind;
            let things: &BTreeSet<String> = things;
            things
                .iter()
                .map(move |thing| (kind.as_str(), thing.as_str()))
        };
        self.0.iter().flat_map(things)
    }

    fn has(&self, kind: &str, thing: &str) -> bool {
        self.0
            .get(kind)
            .is_some_and(|things| things.contains(thing))
    }
}

impl From<&Request> for Access {
    fn from(request: &Request) -> Self {
        let mut access = Self::default();
        for (kind, thing) in request.lines() {
            access.0.entry(kind.to_owned()).or_default().insert(thing);
        }
        access
    }
}

/// "sidecar:strategy/artifact@0.1.0" → "sidecar:strategy/artifact"
pub fn without_version(interface: &str) -> String {
    interface.split('@').next().unwrap_or_default().to_owned()
}
