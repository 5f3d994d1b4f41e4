//! How much a database holds, kind by kind: as its catalogue has it, as the dump tool has written it, and as a restore has
//! made it. The tool leaves out without a word what its option files tell it to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sidecar_sdk::{Failure, Result};

use super::script::{Kind, Script};

/// Tables and sequences.
pub(super) const TABLES: &str = "tables";
pub(super) const VIEWS: &str = "views";
pub(super) const TRIGGERS: &str = "triggers";
pub(super) const ROUTINES: &str = "routines";
pub(super) const EVENTS: &str = "events";

/// What the line of the dump tool begins with that says what it has written, once it says that it is through.
const SAID: &str = "the dump holds ";

/// How many there are of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents(BTreeMap<String, u64>);

impl Contents {
    pub(super) fn of<'a>(kinds: impl Iterator<Item = &'a str>) -> Self {
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
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn less_than_the_catalogue_has_is_told_by_kind() {
        let said =
            "warning: x\nthe dump holds 1 tables, 0 views, 2 triggers, 0 routines, 0 events\n";
        let dumped = Contents::of_tool("app", said).unwrap();
        let wanted = Contents::of([TABLES, TABLES, TRIGGERS, EVENTS].into_iter());
        let failure = wanted.require_in(&dumped, "the dump of app").unwrap_err();
        assert_eq!(
            failure.message,
            "the dump of app has 0 of 1 events, 1 of 2 tables"
        );
        let wanted = wanted.without(EVENTS).without(TABLES);
        wanted.require_in(&dumped, "it").unwrap();
        assert!(Contents::of_tool("app", "Killed").is_err());
    }
}
