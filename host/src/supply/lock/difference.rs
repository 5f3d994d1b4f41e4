//! What changed, in words that an operator can say yes or no to.

use super::{Access, Entry};

impl Entry {
    /// What is different now; nothing if it is what was accepted.
    pub fn changes_to(&self, now: &Self) -> Vec<String> {
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
        changes.extend(more(&self.access, &now.access).map(|asks| format!("now asks {asks}")));
        changes
            .extend(more(&now.access, &self.access).map(|asks| format!("no longer asks {asks}")));
        changes
    }

    /// The same of a module that nobody has accepted yet.
    pub fn as_new(&self) -> Vec<String> {
        let mut news = vec![format!(
            "is new: SHA-256 {}, built for {}",
            self.sha256, self.built_for
        )];
        news.extend(more(&Access::default(), &self.access).map(|asks| format!("asks {asks}")));
        news
    }
}

/// What `than` has beyond `some`: "for network access to redis:6379".
fn more(some: &Access, than: &Access) -> impl Iterator<Item = String> {
    let beyond = than.iter().filter(|(kind, thing)| !some.has(kind, thing));
    beyond.map(|(kind, thing)| match kind {
        "commands" => format!("to run `{thing}`"),
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
    use crate::plan::Request;

    fn entry(request: &Request) -> Entry {
        Entry {
            sha256: "aa".to_owned(),
            built_for: "0.1.0".to_owned(),
            imports: ["sidecar:strategy/artifact".to_owned()].into(),
            access: request.into(),
        }
    }

    #[test]
    fn what_it_asks_for_is_said_in_words() {
        let before = entry(&Request {
            commands: vec!["redis-cli --rdb -".to_owned()],
            ..Request::default()
        });
        let mut now = entry(&Request {
            read: vec!["/data".to_owned()],
            follow_links: true,
            net: vec!["redis:6379".to_owned()],
            env: vec!["REDIS_URL".to_owned()],
            shell: Some("zsh".to_owned()),
            ..Request::default()
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
