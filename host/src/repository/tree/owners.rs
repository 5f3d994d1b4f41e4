//! The names of users and groups, as this system has them: restic stores them beside the numbers.

use std::collections::HashMap;
use std::fs;

/// Names by their numbers.
#[derive(Debug, Default)]
pub(super) struct Owners {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Owners {
    /// What `/etc/passwd` and `/etc/group` say. A system without them has no names.
    pub(super) fn of_this_system() -> Self {
        Self {
            users: names("/etc/passwd"),
            groups: names("/etc/group"),
        }
    }

    pub(super) fn user(&self, id: u32) -> Option<String> {
        self.users.get(&id).cloned()
    }

    pub(super) fn group(&self, id: u32) -> Option<String> {
        self.groups.get(&id).cloned()
    }
}

fn names(file: &str) -> HashMap<u32, String> {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let named = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((fields.nth(1)?.parse().ok()?, name.to_owned()))
    });
    // The first one of a number is its name.
    let mut names = HashMap::new();
    for (id, name) in named {
        names.entry(id).or_insert(name);
    }
    names
}
