//! What ties a member to its sets: where the sets lie that name its backups, and where the backups lie that sets name.

use std::path::PathBuf;

use super::folders;
use crate::config::{Config, StoreSpec};

/// Of a single strategy there is none of it.
#[derive(Default)]
pub(super) struct SetTies {
    /// Of a member: the parts of all stores where sets lie.
    pub(super) sets: Vec<StoreSpec>,
    /// Of a member: the folder in which a set waits for a store that missed it.
    pub(super) set_state: Option<PathBuf>,
    /// Of a set: each member's name, and its parts of its stores.
    pub(super) members: Vec<(String, Vec<StoreSpec>)>,
}

impl SetTies {
    /// Those of `config`, which is `top` or a member of it.
    pub(super) fn new(config: &Config, top: &Config) -> Self {
        if config.member.is_some() {
            return Self {
                sets: top.stores.clone(),
                set_state: Some(folders::state_folder(&top.paths)),
                members: Vec::new(),
            };
        }
        let members = config.several.iter().flat_map(|several| &several.members);
        let named = |member: &Config| {
            let name = member.member.clone().unwrap_or_default();
            (name, member.stores.clone())
        };
        Self {
            members: members.map(named).collect(),
            ..Self::default()
        }
    }
}
