//! How an artifact of an engine is laid out, so that anybody can cut a part out of it: a line that
//! says what it is, the parts one after the other, and a last line of JSON that lists them.

use std::io::Read as _;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sidecar_sdk::restore::Part;
use sidecar_sdk::{Artifact, Failure, Result};

/// The part that holds what belongs to the server and not to a database: roles.
pub(crate) const GLOBALS: &str = "globals";
/// The part that lists the others: the artifact's last line.
pub(crate) const INDEX: &str = "index";
/// Stands before a database whose own name would be taken for something else.
const PREFIX: &str = "database:";
/// Rises with every change that an older reader cannot understand.
const LAYOUT: u32 = 1;

const FIRST_LINE: &str =
    "sidecar database_dump: the last line of this file is JSON that says where each part lies\n";

/// What the operator writes for a database: its name, whatever it is, and yet never that of
/// another part.
pub(crate) fn part_name(database: &str) -> String {
    match database {
        GLOBALS | INDEX => format!("{PREFIX}{database}"),
        _ if database.starts_with(PREFIX) => format!("{PREFIX}{database}"),
        _ => database.to_owned(),
    }
}

/// The way back from a part's name to the database's.
pub(crate) fn database_name(part: &str) -> &str {
    part.strip_prefix(PREFIX).unwrap_or(part)
}

/// The last line. `F` is what an engine remembers of a database.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Index<F> {
    pub(crate) layout: u32,
    pub(crate) engine: String,
    /// The server's version, in its own words.
    pub(crate) server: String,
    /// The dump tool's.
    pub(crate) client: String,
    pub(crate) parts: Vec<Entry<F>>,
}

/// A part, and where it lies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry<F> {
    pub(crate) part: String,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// Left out: the part is no database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<Database<F>>,
}

/// A database, and what is needed to make it anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Database<F> {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) facts: F,
}

impl<F: DeserializeOwned> Index<F> {
    /// Reads it back: of this engine, and not from the future.
    pub(crate) fn read(part: &Part, engine: &str) -> Result<Self> {
        let mut line = String::new();
        part.open().read_to_string(&mut line)?;
        Self::parse(&line, engine)
    }

    fn parse(line: &str, engine: &str) -> Result<Self> {
        let damaged = |error| {
            Failure::new(
                "damaged",
                format!("the index of the backup cannot be read: {error}"),
            )
        };
        let frame: Frame = serde_json::from_str(line).map_err(damaged)?;
        if frame.layout > LAYOUT {
            return Err(Failure::new(
                "layout-too-new",
                format!(
                    "the backup has layout {}, and this sidecar knows {LAYOUT}",
                    frame.layout
                ),
            )
            .hint("restore it with the version of the sidecar that made it, or a newer one"));
        }
        if frame.engine != engine {
            return Err(Failure::new(
                "another-engine",
                format!(
                    "the backup was made with engine: {}, and strategy.config.engine is {engine}",
                    frame.engine
                ),
            )
            .hint("restore it with the configuration that it was made with"));
        }
        serde_json::from_str(line).map_err(damaged)
    }

    /// What is remembered of the database in this part.
    pub(crate) fn database(&self, part: &str) -> Result<&Database<F>> {
        let entry = self.parts.iter().find(|entry| entry.part == part);
        entry
            .and_then(|entry| entry.database.as_ref())
            .ok_or_else(|| {
                Failure::new(
                    "damaged",
                    format!("the index of the backup says nothing of {part}"),
                )
            })
    }
}

/// What is looked at before the rest of the index is.
#[derive(Deserialize)]
struct Frame {
    layout: u32,
    engine: String,
}

/// Writes the layout around what the engine dumps.
pub(crate) struct Layout<'a, F> {
    artifact: &'a mut Artifact,
    index: Index<F>,
}

impl<'a, F: Serialize> Layout<'a, F> {
    /// Writes the first line.
    pub(crate) fn start(
        artifact: &'a mut Artifact,
        engine: &str,
        server: &str,
        client: &str,
    ) -> Result<Self> {
        artifact.append(FIRST_LINE.as_bytes())?;
        let index = Index {
            layout: LAYOUT,
            engine: engine.to_owned(),
            server: server.to_owned(),
            client: client.to_owned(),
            parts: Vec::new(),
        };
        Ok(Self { artifact, index })
    }

    /// Adds what belongs to no database.
    pub(crate) fn globals(&mut self, dump: impl FnOnce(&mut Artifact) -> Result<()>) -> Result<()> {
        self.add(GLOBALS.to_owned(), None, dump)
    }

    /// Adds a database.
    pub(crate) fn database(
        &mut self,
        name: &str,
        facts: F,
        dump: impl FnOnce(&mut Artifact) -> Result<()>,
    ) -> Result<()> {
        let database = Database {
            name: name.to_owned(),
            facts,
        };
        self.add(part_name(name), Some(database), dump)
    }

    fn add(
        &mut self,
        part: String,
        database: Option<Database<F>>,
        dump: impl FnOnce(&mut Artifact) -> Result<()>,
    ) -> Result<()> {
        let offset = self.artifact.position();
        self.artifact.part(&part, dump)?;
        let length = self.artifact.position() - offset;
        if length == 0 {
            return Err(
                Failure::new("nothing-dumped", format!("the dump of {part} is empty"))
                    .hint("look at what the dump tool said: an empty part is not a backup"),
            );
        }
        self.index.parts.push(Entry {
            part,
            offset,
            length,
            database,
        });
        Ok(())
    }

    /// Writes the last line.
    pub(crate) fn finish(self) -> Result<()> {
        let line = serde_json::to_string(&self.index).map_err(|error| {
            Failure::new("internal", format!("cannot write the index: {error}"))
        })?;
        self.artifact.append(b"\n")?;
        self.artifact.part(INDEX, |artifact| {
            artifact.append(line.as_bytes())?;
            artifact.append(b"\n")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_database_has_its_own_name_unless_it_would_be_mistaken() {
        assert_eq!(part_name("app1"), "app1");
        assert_eq!(part_name("globals"), "database:globals");
        assert_eq!(part_name("database:app1"), "database:database:app1");
        let names = [
            "globals",
            "index",
            "database:globals",
            "database:index",
            "database:",
            "",
            "app",
        ];
        let parts: BTreeSet<String> = names.into_iter().map(part_name).collect();
        assert_eq!(parts.len(), names.len());
        assert!(!parts.contains(GLOBALS) && !parts.contains(INDEX));
    }

    #[test]
    fn a_part_leads_back_to_its_database() {
        for name in ["app1", "globals", "database:", "database:globals", ""] {
            assert_eq!(database_name(&part_name(name)), name);
        }
    }

    #[test]
    fn an_index_of_another_engine_or_of_the_future_is_refused() {
        let code = |line: &str| {
            Index::<()>::parse(line, "redis")
                .err()
                .map(|failure| failure.code)
        };
        let line = r#"{"layout": 1, "engine": "redis", "server": "7", "client": "7", "parts": []}"#;
        assert_eq!(code(line), None);
        assert_eq!(
            code(&line.replace("redis", "sqlite")).as_deref(),
            Some("another-engine")
        );
        assert_eq!(
            code(r#"{"layout": 2, "engine": "redis"}"#).as_deref(),
            Some("layout-too-new")
        );
        assert_eq!(code(&line[1..]).as_deref(), Some("damaged"));
    }
}
