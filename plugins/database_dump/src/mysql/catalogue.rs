//! What the catalogue of a server says that a database holds.

use std::collections::BTreeSet;

use sidecar_sdk::Result;

use super::contents::{Contents, EVENTS, ROUTINES, TABLES, TRIGGERS, VIEWS};
use super::server::MysqlServer;
use super::sql::is_named;

/// What the catalogue has: kind and name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Catalogue(BTreeSet<(String, String)>);

impl Catalogue {
    pub(super) fn read(server: &MysqlServer, database: &str) -> Result<Self> {
        let of = |kind: &str, name: &str, table: &str, column: &str| {
            format!(
                "SELECT JSON_ARRAY({kind}, {name}) FROM information_schema.{table} WHERE {}",
                is_named(column, database)
            )
        };
        let literal = |kind: &str| format!("'{kind}'");
        let questions = [
            of(
                &format!("IF(TABLE_TYPE = 'VIEW', '{VIEWS}', '{TABLES}')"),
                "TABLE_NAME",
                "TABLES",
                "TABLE_SCHEMA",
            ),
            of(
                &literal(TRIGGERS),
                "TRIGGER_NAME",
                "TRIGGERS",
                "TRIGGER_SCHEMA",
            ),
            of(
                &literal(ROUTINES),
                "CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME)",
                "ROUTINES",
                "ROUTINE_SCHEMA",
            ),
            of(&literal(EVENTS), "EVENT_NAME", "EVENTS", "EVENT_SCHEMA"),
        ];
        let mut found = BTreeSet::new();
        for question in questions {
            found.extend(server.query_lines::<(String, String)>(&question, database)?);
        }
        Ok(Self(found))
    }

    /// What was there before and still is: it is in a dump that was made between both.
    pub(super) fn still(&self, after: &Self) -> Contents {
        Contents::of(self.0.intersection(&after.0).map(|(kind, _)| kind.as_str()))
    }

    pub(super) fn contents(&self) -> Contents {
        self.still(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(names: &[(&str, &str)]) -> Catalogue {
        let names = names.iter();
        Catalogue(
            names
                .map(|(kind, name)| ((*kind).to_owned(), (*name).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn what_comes_or_goes_while_a_dump_is_made_is_not_wanted_in_it() {
        let before = catalogue(&[(TABLES, "a"), (TABLES, "dropped")]);
        let after = catalogue(&[(TABLES, "a"), (TABLES, "made")]);
        let one = catalogue(&[(TABLES, "a")]).contents();
        assert_eq!(before.still(&after), one);
    }
}
