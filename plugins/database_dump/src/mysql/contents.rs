//! How much a database holds, kind by kind: as its catalogue has it, as the dump tool has written it, and as a restore has
//! made it. The tool leaves out without a word what its option files tell it to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sidecar_sdk::{Failure, Result};

use super::script::{Kind, Script};
use super::server::MysqlServer;
use super::sql::is_named;

/// Tables and sequences.
pub(super) const TABLES: &str = "tables";
const VIEWS: &str = "views";
pub(super) const TRIGGERS: &str = "triggers";
pub(super) const ROUTINES: &str = "routines";
pub(super) const EVENTS: &str = "events";

/// What the line of the dump tool begins with that says what it has written, once it says that it is through.
const SAID: &str = "the dump holds ";

/// How many there are of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents(BTreeMap<String, u64>);

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

impl Contents {
    fn of<'a>(kinds: impl Iterator<Item = &'a str>) -> Self {
        let mut contents = Self::default();
        for kind in kinds {
            *contents.0.entry(kind.to_owned()).or_default() += 1;
        }
        contents
    }

    /// Of a dump that was taken apart.
    pub(super) fn of_script(script: &Script) -> Self {
        let objects = script
            .objects
            .iter()
            .map(|object| match object.definition.kind {
                Kind::View => VIEWS,
                Kind::Trigger => TRIGGERS,
                Kind::Event => EVENTS,
                Kind::Package | Kind::PackageBody | Kind::Function | Kind::Procedure => ROUTINES,
            });
        Self::of(script.tables.iter().map(|_| TABLES).chain(objects))
    }

    /// Of what the dump tool has said last. Fails if it did not come to its end.
    pub(super) fn of_tool(database: &str, said: &str) -> Result<Self> {
        let line = said.lines().rev().find_map(|line| line.strip_prefix(SAID));
        let line = line.ok_or_else(|| {
            Failure::new(
                "incomplete",
                format!("the dump tool did not say that the dump of {database} is complete"),
            )
        })?;
        let counts = line.split(", ").filter_map(|count| {
            let (number, kind) = count.split_once(' ')?;
            Some((kind.to_owned(), number.parse().ok()?))
        });
        Ok(Self(counts.collect()))
    }

    /// The same without a kind.
    pub(super) fn without(mut self, kind: &str) -> Self {
        self.0.remove(kind);
        self
    }

    /// What is less in `found`, in words: "1 of 2 tables".
    fn lacking_in(&self, found: &Self) -> Option<String> {
        let lacking = self.0.iter().filter_map(|(kind, wanted)| {
            let there = found.0.get(kind).copied().unwrap_or_default();
            (there < *wanted).then(|| format!("{there} of {wanted} {kind}"))
        });
        let lacking: Vec<String> = lacking.collect();
        (!lacking.is_empty()).then(|| lacking.join(", "))
    }

    /// Fails if `found`, which is `place`, has less.
    pub(super) fn require_in(&self, found: &Self, place: &str) -> Result<()> {
        match self.lacking_in(found) {
            None => Ok(()),
            Some(lacking) => Err(Failure::new("incomplete", format!("{place} has {lacking}"))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
    fn less_than_the_catalogue_has_is_told_by_kind() {
        let said =
            "warning: x\nthe dump holds 1 tables, 0 views, 2 triggers, 0 routines, 0 events\n";
        let dumped = Contents::of_tool("app", said).unwrap();
        let wanted =
            catalogue(&[(TABLES, "a"), (TABLES, "b"), (TRIGGERS, "x"), (EVENTS, "e")]).contents();
        let failure = wanted.require_in(&dumped, "the dump of app").unwrap_err();
        assert_eq!(
            failure.message,
            "the dump of app has 0 of 1 events, 1 of 2 tables"
        );
        let wanted = wanted.without(EVENTS).without(TABLES);
        wanted.require_in(&dumped, "it").unwrap();
        assert!(Contents::of_tool("app", "Killed").is_err());
    }

    #[test]
    fn what_comes_or_goes_while_a_dump_is_made_is_not_wanted_in_it() {
        let before = catalogue(&[(TABLES, "a"), (TABLES, "dropped")]);
        let after = catalogue(&[(TABLES, "a"), (TABLES, "made")]);
        let one = catalogue(&[(TABLES, "a")]).contents();
        assert_eq!(before.still(&after), one);
    }
}
