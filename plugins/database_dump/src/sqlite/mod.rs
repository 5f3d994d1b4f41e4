//! SQLite: a copy by the online backup interface, which other processes may write during.

mod command_lines;
mod drill_notes;
mod identity;
mod integrity;
mod names;
mod restore;
mod source;
mod target;

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Artifact, Command, Failure, Result, temp_dump};

use crate::client::{Client, SQL};
use crate::config::Config;
use crate::coverage::{AllowedGaps, Gap};
use crate::engine::Engine;
use crate::identity::Identity;
use crate::layout::{Index, LayoutWriter, NoProperties};
use crate::restore::{each_database, refused};
use crate::selection::{RestoreSelection, SelectedDatabase};
use command_lines::{QUERY, READ, VERSION};
use identity::FILE_ID;
pub(crate) use names::require_beside;
use names::{FILE, NAME, at, helper, quoted, uri};
use restore::FileRestore;
use source::{INSPECT, Opening, PATH, Source};

/// The engine `sqlite`, with its file.
pub(crate) struct Sqlite {
    client: Client,
    path: String,
}

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
            client: Client::new(&config.commands, at(path), Vec::new()),
            path: path.to_owned(),
        })
    }

    /// The name of the database: that of the file.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Looks at the file and at what lies beside it.
    fn source(&self) -> Result<Source> {
        let inspect = self.client.command(INSPECT).env(PATH, &self.path);
        self.client.capture(&inspect).map(Source::new)
    }

    fn command(&self, path: &str, parameters: &str, script: &str) -> Command {
        self.client
            .command(QUERY)
            .env(FILE, uri(path, parameters))
            .env(SQL, script)
    }

    /// Fails if the copy is damaged, which the original then is too.
    fn check(&self, copy: &str) -> Result<()> {
        const MAX_OUTPUT_BYTES: u32 = 4 << 20;
        integrity::check(&self.path, |script| {
            // The copy is ours alone.
            let mut check = self
                .client
                .command(READ)
                .env(FILE, uri(copy, Opening::Immutable.parameters()))
                .env(SQL, script);
            check.accept = vec![1];
            let captured = check.capture(MAX_OUTPUT_BYTES)?;
            let mut answer = String::from_utf8_lossy(&captured.stdout).into_owned();
            if captured.finished.exit_code != 0 {
                answer.push_str(&captured.finished.stderr_tail);
            }
            Ok(answer)
        })
    }

    /// The file that a database is restored as.
    fn target_path(&self, database: &SelectedDatabase) -> String {
        match database.has_original_name() {
            true => self.path.clone(),
            false => self.path_of(&database.target),
        }
    }

    /// A new name is a path, or a file beside the one in the URL.
    fn path_of(&self, target: &str) -> String {
        if target.starts_with('/') {
            target.to_owned()
        } else {
            let folder = self.path.len() - self.name().len();
            format!("{}{target}", &self.path[..folder])
        }
    }
}

impl Engine for Sqlite {
    fn backup_commands(&self) -> Vec<&'static str> {
        vec![VERSION, INSPECT, QUERY, READ]
    }

    fn restore_commands(&self) -> Vec<&'static str> {
        restore::COMMANDS.to_vec()
    }

    fn variables(&self) -> Vec<String> {
        let names = [FILE, PATH, SQL].into_iter().chain(restore::VARIABLES);
        names.map(str::to_owned).collect()
    }

    fn globals(&self) -> &'static str {
        "nothing"
    }

    fn client(&self) -> &Client {
        &self.client
    }

    fn identity(&self) -> Result<Identity> {
        identity::read(&self.client, &self.path)
    }

    fn elsewhere_commands(&self) -> Vec<&'static str> {
        vec![FILE_ID, drill_notes::FOUND]
    }

    fn made_by_others(&self, names: &[&str]) -> Result<Vec<String>> {
        let others = drill_notes::is_of_others(&self.client, &self.path)?;
        let names = names.iter().filter(|_| others);
        Ok(names.map(|name| (*name).to_owned()).collect())
    }

    fn gaps(&self) -> Result<Vec<Gap>> {
        let opening = self.source()?.opening(&self.path)?;
        let script = ".timeout 60000\nSELECT count(*) FROM sqlite_schema;";
        let count = self
            .client
            .capture(&self.command(&self.path, opening.parameters(), script))?;
        let empty = (count.trim() == "0").then(|| {
            Gap::empty(
                self.name(),
                format!("the content of {}", self.path),
                "check that this is the file that is meant, and that its volume is mounted",
            )
        });
        Ok(empty.into_iter().collect())
    }

    fn backup(&self, _: &AllowedGaps, artifact: &mut Artifact) -> Result<()> {
        let version = self.client.capture(&self.client.command(VERSION))?;
        temp_dump::prepare()?;
        let source = self.source()?;
        let opening = source.opening(&self.path)?;
        let copy = helper("SIDE_CAR_TEMP_DUMP");
        // Inside a read transaction: other processes may write, and the copy does not restart for them.
        let script = format!(
            ".timeout 60000\nBEGIN;\nSELECT 0 FROM sqlite_schema LIMIT 0;\n.backup main {}\nCOMMIT;",
            quoted(&copy)
        );
        self.client
            .run(&self.command(&self.path, opening.parameters(), &script))?;
        if opening == Opening::Immutable && self.source()? != source {
            return Err(Failure::new(
                "changed",
                format!(
                    "{} was written while it was copied without locks",
                    self.path
                ),
            )
            .hint("mount its folder writable: SQLite needs that to read while others write"));
        }
        self.check(&copy)?;
        let mut layout = LayoutWriter::start(artifact, NAME, &version, &version)?;
        layout.database(self.name(), NoProperties {}, |artifact| {
            artifact.append_temp_dump().map(drop)
        })?;
        layout.finish()
    }

    fn is_taken(&self, database: &SelectedDatabase) -> Result<bool> {
        let path = self.target_path(database);
        FileRestore::new(&self.client, &path).is_taken()
    }

    fn refusals(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Failure>> {
        let index: Index<NoProperties> = Index::read(&selection.index, NAME)?;
        Ok(refused(selection, &index, |database, _| {
            let path = self.target_path(database);
            FileRestore::new(&self.client, &path).require_possible(database, replace)
        }))
    }

    fn restore(&self, selection: &RestoreSelection, replace: bool) -> Result<Vec<Outcome>> {
        let index: Index<NoProperties> = Index::read(&selection.index, NAME)?;
        Ok(each_database(selection, &index, |database, _| {
            let path = self.target_path(database);
            FileRestore::new(&self.client, &path).run(database, replace)
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
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
        assert_eq!(sqlite.path_of("copy.db"), "/data/copy.db");
        assert_eq!(sqlite.path_of("/tmp/copy.db"), "/tmp/copy.db");
    }
}
