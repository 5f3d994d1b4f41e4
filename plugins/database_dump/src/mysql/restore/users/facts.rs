//! Who is on a server, and how: the statements that would make each again.

use std::collections::{BTreeMap, BTreeSet};

use sidecar_sdk::{Failure, Result};

use super::statement::{Statement, Subject, read};
use crate::mysql::roles;
use crate::mysql::server::{BEFORE, MysqlServer, PRELUDE};

/// Each user, role and foreign server, with the words of its statements.
#[derive(Debug, Default)]
pub(super) struct Facts(BTreeMap<Subject, BTreeSet<Vec<String>>>);

impl Facts {
    pub(super) fn of(statements: &[Statement]) -> Self {
        let mut facts: BTreeMap<Subject, BTreeSet<Vec<String>>> = BTreeMap::new();
        for statement in statements {
            let of_this = facts.entry(statement.subject.clone()).or_default();
            of_this.insert(statement.words.clone());
        }
        Self(facts)
    }

    /// Those of the server now, as its dump tool writes them.
    pub(super) fn now(server: &MysqlServer) -> Result<Self> {
        server.require_all_rows()?;
        let command = server.client.command(server.lines.globals);
        let command = command.env(BEFORE, PRELUDE);
        let text = server.client.capture(&command).map_err(|failure| {
            Failure::new(
                "users-unknown",
                format!(
                    "which users the server has, and how, cannot be known: {}",
                    failure.message
                ),
            )
            .hint("GRANT SELECT ON mysql.* TO the account that restores; or --replace, which overwrites them unseen")
        })?;
        let passed_over = roles::passed_over(server)?;
        read(format!("{text}\n;{passed_over}").as_bytes()).map(|statements| Self::of(&statements))
    }

    pub(super) fn has(&self, subject: &Subject) -> bool {
        self.0.contains_key(subject) || *subject == Subject::Public
    }

    /// Whether what the statement says is so already.
    pub(super) fn says(&self, statement: &Statement) -> bool {
        let of_this = self.0.get(&statement.subject);
        of_this.is_some_and(|known| known.contains(&statement.words))
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.0.keys()
    }

    /// Whether both have it, and in the same way.
    pub(super) fn agrees(&self, other: &Self, subject: &Subject) -> bool {
        self.0.get(subject) == other.0.get(subject)
    }

    /// Everything about it, as one text.
    pub(super) fn text(&self, subject: &Subject) -> Option<String> {
        let statements = self.0.get(subject)?.iter();
        let statements: Vec<String> = statements.map(|words| words.join("\u{1f}")).collect();
        Some(statements.join("\u{1e}"))
    }
}
