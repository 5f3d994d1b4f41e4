//! What changed, in words that an operator can accept or refuse.

use super::entry::{LockEntry, LockedAccess};

impl LockEntry {
    /// What is different now; empty if the module is as it was accepted.
    pub(super) fn changes_to(&self, now: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        if self.sha256 != now.sha256 {
            let (was, is) = (&self.sha256, &now.sha256);
            changes.push(format!(
                "is another file: its SHA-256 was {was}, and is {is}"
            ));
        }
        if self.built_for != now.built_for {
            let (was, is) = (&self.built_for, &now.built_for);
            changes.push(format!("was built for {was}, and is built for {is}"));
        }
        for interface in now.imports.difference(&self.imports) {
            changes.push(format!("now imports {interface}"));
        }
        for interface in self.imports.difference(&now.imports) {
            changes.push(format!("no longer imports {interface}"));
        }
        let more = added(&self.access, &now.access);
        changes.extend(more.map(|access| format!("now asks {access}")));
        let less = added(&now.access, &self.access);
        changes.extend(less.map(|access| format!("no longer asks {access}")));
        if let Some(accepted) = &self.restore {
            changes.extend(now.more_in_restores(accepted));
        }
        changes
    }

    /// What its restores ask for beyond what was accepted.
    pub(super) fn more_in_restores(&self, accepted: &LockedAccess) -> Vec<String> {
        let nothing = LockedAccess::default();
        let more = added(accepted, self.restore.as_ref().unwrap_or(&nothing));
        more.map(|access| format!("now asks, to restore, {access}"))
            .collect()
    }

    /// The same for a module that the lock does not have yet.
    pub(super) fn as_new(&self) -> Vec<String> {
        let mut changes = vec![format!(
            "is new: SHA-256 {}, built for {}",
            self.sha256, self.built_for
        )];
        let nothing = LockedAccess::default();
        let asked = added(&nothing, &self.access);
        changes.extend(asked.map(|access| format!("asks {access}")));
        let of_restores = self.restore.as_ref().unwrap_or(&nothing);
        let asked = added(&nothing, of_restores);
        changes.extend(asked.map(|access| format!("asks, to restore, {access}")));
        changes
    }
}

/// What `new` has and `old` has not: "for network access to redis:6379".
fn added(old: &LockedAccess, new: &LockedAccess) -> impl Iterator<Item = String> {
    let added = new.iter().filter(|(kind, thing)| !old.has(kind, thing));
    added.map(|(kind, thing)| match kind {
        "commands" | "argv" => format!("to run `{thing}`"),
        "read" => format!("to read {thing}"),
        "net" => format!("for network access to {thing}"),
        "env" => format!("for the variable {thing}"),
        "follow_links" => "to follow links out of what it may read".to_owned(),
        _ => format!("for {kind}: {thing}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::AccessRequest;

    fn entry(request: &AccessRequest) -> LockEntry {
        LockEntry {
            sha256: "aa".to_owned(),
            built_for: "0.1.0".to_owned(),
            imports: ["sidecar:strategy/artifact".to_owned()].into(),
            access: request.into(),
            restore: None,
        }
    }

    #[test]
    fn every_kind_of_change_is_described() {
        let before = entry(&AccessRequest {
            commands: vec!["redis-cli --rdb -".to_owned()],
            ..AccessRequest::default()
        });
        let mut now = entry(&AccessRequest {
            read: vec!["/data".to_owned()],
            follow_links: true,
            net: vec!["redis:6379".to_owned()],
            env: vec!["REDIS_URL".to_owned()],
            shell: Some("zsh".to_owned()),
            ..AccessRequest::default()
        });
        now.sha256 = "bb".to_owned();
        now.built_for = "0.2.0".to_owned();
        now.imports = ["wasi:sockets/tcp".to_owned()].into();
        assert_eq!(
            before.changes_to(&now),
            [
                "is another file: its SHA-256 was aa, and is bb",
                "was built for 0.1.0, and is built for 0.2.0",
                "now imports wasi:sockets/tcp",
                "no longer imports sidecar:strategy/artifact",
                "now asks to run `zsh`",
                "now asks for the variable REDIS_URL",
                "now asks to follow links out of what it may read",
                "now asks for network access to redis:6379",
                "now asks to read /data",
                "no longer asks to run `redis-cli --rdb -`",
            ]
        );
        assert_eq!(now.changes_to(&now), [""; 0]);
    }
}
