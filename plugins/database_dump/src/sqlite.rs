//! SQLite: a copy that the online backup interface makes, however much is written meanwhile.

use serde::{Deserialize, Serialize};
use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Command, Failure, Result, temp_dump};

use crate::chosen::{Chosen, Restored};
use crate::client::{Client, SQL};
use crate::config::Config;
use crate::layout::{Index, Layout};
use crate::system::{System, each, occupied};

const NAME: &str = "sqlite";

/// The database's file, as a URI.
const FILE: &str = "SIDE_CAR_DATABASE";

const VERSION: &str = "sqlite3 --version";
/// Gives SQL and the tool's own commands to the tool. No file of the user's home changes what they do.
const QUERY: &str =
    r#"printf '%s\n' "$SIDE_CAR_SQL" | sqlite3 -batch -bail -init /dev/null "$SIDE_CAR_DATABASE""#;

/// A file.
pub(crate) struct Sqlite {
    client: Client,
    path: String,
}

/// There is nothing else to know of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Facts {}

impl Sqlite {
    /// The file at `url`; `key` names it in a failure.
    pub(crate) fn open(config: &Config, url: &str, key: &str) -> Result<Self> {
        let path = url.strip_prefix("sqlite://").unwrap_or(url);
        if !path.starts_with('/') {
            return Err(Failure::new(
                "url-invalid",
                format!("{key} is not the path of a SQLite file"),
            )
            .hint("write sqlite:///data/app.db, or the absolute path alone"));
        }
        if config.databases.is_some() {
            return Err(Failure::new(
                "key-without-effect",
                "strategy.config.databases has no effect with engine: sqlite",
            )
            .hint("the file in url is the database"));
        }
        Ok(Self {
            client: Client::new(&config.commands, Vec::new()),
            path: path.to_owned(),
        })
    }

    /// What the database is called: the file.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    fn command(&self, path: &str, mode: &str, script: &str) -> Command {
        self.client
            .command(QUERY)
            .env(FILE, uri(path, mode))
            .env(SQL, script)
    }

    fn one(&self, restored: &Restored, replace: bool) -> Result<String> {
        let path = self.path_of(&restored.target);
        let there = self.client.ask(&self.command(
            &path,
            "rwc",
            ".timeout 60000\nSELECT count(*) FROM sqlite_schema;",
        ))?;
        let there = there.parse().map_err(|_| {
            Failure::new(
                "unexpected-answer",
                format!("sqlite3 says of {path}: {there}"),
            )
        })?;
        if there > 0 && !replace {
            return Err(occupied(&path, there, 0));
        }
        restored.part.lay_out()?;
        let from = helper("SIDE_CAR_TEMP_DUMP");
        let script = format!(
            ".timeout 60000\n.restore main {}\nPRAGMA integrity_check;",
            quoted(&from)
        );
        match self
            .client
            .ask(&self.command(&path, "rwc", &script))?
            .as_str()
        {
            "ok" => Ok(format!("restored as {path}")),
            wrong => Err(Failure::new(
                "damaged",
                format!("{path} is not sound after the restore: {wrong}"),
            )),
        }
    }

    /// A new name is a path, or a file beside the original.
    fn path_of(&self, target: &str) -> String {
        if target == self.name() {
            self.path.clone()
        } else if target.starts_with('/') {
            target.to_owned()
        } else {
            let folder = self.path.len() - self.name().len();
            format!("{}{target}", &self.path[..folder])
        }
    }
}

impl System for Sqlite {
    fn lines(&self) -> Vec<&'static str> {
        vec![VERSION, QUERY]
    }

    fn restore_lines(&self) -> Vec<&'static str> {
        vec![QUERY]
    }

    fn variables(&self) -> Vec<String> {
        vec![FILE.to_owned(), SQL.to_owned()]
    }

    fn globals(&self) -> &'static str {
        "nothing"
    }

    fn backup(&self, artifact: &mut Artifact) -> Result<()> {
        let version = self.client.ask(&self.client.command(VERSION))?;
        temp_dump::prepare()?;
        // A reader of its own state: writers go on, and the copy does not begin anew with each of them.
        let script = format!(
            ".timeout 60000\nBEGIN;\nSELECT 0 FROM sqlite_schema LIMIT 0;\n.backup main {}\nCOMMIT;",
            quoted(&helper("SIDE_CAR_TEMP_DUMP"))
        );
        self.command(&self.path, "rw", &script).run()?;
        let mut layout = Layout::start(artifact, NAME, &version, &version)?;
        layout.database(self.name(), Facts {}, |artifact| {
            artifact.append_temp_dump().map(drop)
        })?;
        layout.finish()
    }

    fn restore(&self, chosen: &Chosen, replace: bool) -> Result<Vec<Outcome>> {
        let index: Index<Facts> = Index::read(&chosen.index, NAME)?;
        Ok(each(chosen, &index, |restored, _| {
            self.one(restored, replace)
        }))
    }
}

/// What the host sets for every command.
fn helper(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// A path that sqlite3 opens as it is; without "c" in `mode` it makes no new file.
fn uri(path: &str, mode: &str) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("{uri}?mode={mode}")
}

/// An argument of one of the tool's own commands.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn opened(url: &str) -> Result<Sqlite> {
        Sqlite::open(
            &serde_json::from_str("{}").unwrap(),
            url,
            "strategy.config.url",
        )
    }

    #[test]
    fn a_file_is_named_by_a_url_or_by_its_path() {
        for url in ["sqlite:///data/app.db", "/data/app.db"] {
            let sqlite = opened(url).unwrap();
            assert_eq!((&*sqlite.path, sqlite.name()), ("/data/app.db", "app.db"));
        }
        assert_eq!(opened("app.db").err().unwrap().code, "url-invalid");
    }

    #[test]
    fn a_new_name_is_a_file_beside_it_or_a_path() {
        let sqlite = opened("/data/app.db").unwrap();
        assert_eq!(sqlite.path_of("app.db"), "/data/app.db");
        assert_eq!(sqlite.path_of("copy.db"), "/data/copy.db");
        assert_eq!(sqlite.path_of("/tmp/copy.db"), "/tmp/copy.db");
    }

    #[test]
    fn nothing_in_a_path_means_something_else() {
        assert_eq!(
            uri("/a b/ñ?#%.db", "rw"),
            "file:///a%20b/%C3%B1%3F%23%25.db?mode=rw"
        );
        assert_eq!(quoted(r#"/a "b"\c"#), r#""/a \"b\"\\c""#);
    }
}
