//! The layout of an engine's artifact, from which standard tools can cut a part: a line that
//! describes the file, the parts one after the other, and a last line of JSON that lists them.

use std::io::Read as _;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sidecar_sdk::restore::Part;
use sidecar_sdk::{Artifact, Failure, Result};

use crate::identity::Identity;

/// The part with what belongs to the server and not to a database: roles.
pub(crate) const GLOBALS: &str = "globals";
/// The part that lists the others: the artifact's last line.
pub(crate) const INDEX: &str = "index";
/// Precedes the name of a database that would be mistaken for another part.
const PREFIX: &str = "database:";
/// Incremented with every change that an older reader cannot understand.
const LAYOUT_VERSION: u32 = 1;

const FIRST_LINE: &str =
    "sidecar database_dump: the last line of this file is JSON that says where each part lies\n";

/// The name of a database's part: the database's own name, escaped where that is the name of
/// another part.
pub(crate) fn part_name(database: &str) -> String {
    match database {
        GLOBALS | INDEX => format!("{PREFIX}{database}"),
        _ if database.starts_with(PREFIX) => format!("{PREFIX}{database}"),
        _ => database.to_owned(),
    }
}

/// The database that a part is of: the inverse of [`part_name`].
pub(crate) fn database_name(part: &str) -> &str {
    part.strip_prefix(PREFIX).unwrap_or(part)
}

/// The last line. `P` is what an engine stores about each database.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Index<P> {
    pub(crate) layout: u32,
    pub(crate) engine: String,
    /// The server's version, as the server reports it.
    pub(crate) server: String,
    /// The dump tool's version, as the tool reports it.
    pub(crate) client: String,
    /// Which server it was; backups of earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Identity>,
    pub(crate) parts: Vec<IndexEntry<P>>,
}

/// A part and its position.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IndexEntry<P> {
    pub(crate) part: String,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// Absent for a part that is not a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database: Option<Database<P>>,
}

/// A database, and the properties that it is created with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Database<P> {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) properties: P,
}

/// The properties of a database that is created without any.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NoProperties {}

impl<P: DeserializeOwned> Index<P> {
    /// Reads an index. It must be of this engine, and of a layout that is known.
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
        let header: IndexHeader = serde_json::from_str(line).map_err(damaged)?;
        if header.layout > LAYOUT_VERSION {
            return Err(Failure::new(
                "layout-too-new",
                format!(
                    "the backup has layout {}, and this sidecar knows {LAYOUT_VERSION}",
                    header.layout
                ),
            )
            .hint("restore it with the version of the sidecar that made it, or a newer one"));
        }
        if header.engine != engine {
            return Err(Failure::new(
                "another-engine",
                format!(
                    "the backup was made with engine: {}, and strategy.config.engine is {engine}",
                    header.engine
                ),
            )
            .hint("restore it with the configuration that it was made with"));
        }
        serde_json::from_str(line).map_err(damaged)
    }

    /// The database in this part.
    pub(crate) fn database(&self, part: &str) -> Result<&Database<P>> {
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

/// Which server a backup is of, if its index tells.
pub(crate) fn recorded_identity(index: &Part) -> Option<Identity> {
    let mut line = String::new();
    index.open().read_to_string(&mut line).ok()?;
    serde_json::from_str::<IndexHeader>(&line).ok()?.identity
}

/// What is checked before the rest of the index is parsed.
#[derive(Deserialize)]
struct IndexHeader {
    layout: u32,
    engine: String,
    #[serde(default)]
    identity: Option<Identity>,
}

/// Writes an artifact of this layout.
pub(crate) struct LayoutWriter<'a, P> {
    artifact: &'a mut Artifact,
    index: Index<P>,
}

impl<'a, P: Serialize> LayoutWriter<'a, P> {
    /// Writes the first line.
    pub(crate) fn start(
        artifact: &'a mut Artifact,
        engine: &str,
        server: &str,
        client: &str,
    ) -> Result<Self> {
        artifact.append(FIRST_LINE.as_bytes())?;
        let index = Index {
            layout: LAYOUT_VERSION,
            engine: engine.to_owned(),
            server: server.to_owned(),
            client: client.to_owned(),
            identity: None,
            parts: Vec::new(),
        };
        Ok(Self { artifact, index })
    }

    /// Notes which server is dumped.
    pub(crate) fn identify(&mut self, identity: Identity) {
        self.index.identity = Some(identity);
    }

    /// Adds the part with what belongs to no database.
    pub(crate) fn globals(&mut self, dump: impl FnOnce(&mut Artifact) -> Result<()>) -> Result<()> {
        self.add(GLOBALS.to_owned(), None, |artifact, _| dump(artifact))
    }

    /// Adds the part of a database.
    pub(crate) fn database(
        &mut self,
        name: &str,
        properties: P,
        dump: impl FnOnce(&mut Artifact) -> Result<()>,
    ) -> Result<()> {
        self.database_with(name, properties, |artifact, _| dump(artifact))
    }

    /// The same where the dump tells more of its properties.
    pub(crate) fn database_with(
        &mut self,
        name: &str,
        properties: P,
        dump: impl FnOnce(&mut Artifact, &mut P) -> Result<()>,
    ) -> Result<()> {
        let database = Database {
            name: name.to_owned(),
            properties,
        };
        self.add(
            part_name(name),
            Some(database),
            |artifact, database| match database {
                Some(database) => dump(artifact, &mut database.properties),
                None => Ok(()),
            },
        )
    }

    fn add(
        &mut self,
        part: String,
        mut database: Option<Database<P>>,
        dump: impl FnOnce(&mut Artifact, Option<&mut Database<P>>) -> Result<()>,
    ) -> Result<()> {
        let offset = self.artifact.position();
        self.artifact
            .part(&part, |artifact| dump(artifact, database.as_mut()))?;
        let length = self.artifact.position() - offset;
        if length == 0 {
            return Err(
                Failure::new("nothing-dumped", format!("the dump of {part} is empty"))
                    .hint("look at the dump tool's log lines: an empty part is not a backup"),
            );
        }
        self.index.parts.push(IndexEntry {
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
    fn the_database_of_a_part_is_found() {
        for name in ["app1", "globals", "database:", "database:globals", ""] {
            assert_eq!(database_name(&part_name(name)), name);
        }
    }

    #[test]
    fn an_index_of_another_engine_or_a_newer_layout_is_refused() {
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
