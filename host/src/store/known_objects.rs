//! Small objects that were read before: a listing says whether they are still the same.
//!
//! One SQLite file in the state folder, for the next process as well. It is a convenience, which may be deleted at any
//! time: what is not in it, or is damaged, is read from the store again.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::backend::Object;
use crate::digest::Digest;

/// The file, in the state folder.
const FILE: &str = "known-objects.sqlite";

/// How long another process that writes is waited for.
const BUSY: Duration = Duration::from_secs(1);

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS objects (
        place TEXT NOT NULL,
        key TEXT NOT NULL,
        size INTEGER NOT NULL,
        mark TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (place, key)
    ) STRICT;
";

const GET: &str =
    "SELECT sha256, bytes FROM objects WHERE place = ?1 AND key = ?2 AND size = ?3 AND mark = ?4";

const PUT: &str = "INSERT OR REPLACE INTO objects (place, key, size, mark, sha256, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Manifests and verdicts of stores, for readers that list them again and again. Those by default are known to this
/// process alone.
#[derive(Default)]
pub struct KnownObjects {
    /// None: in memory.
    file: Option<PathBuf>,
    /// Opened at the first use.
    connection: Mutex<Option<Connection>>,
}

impl KnownObjects {
    /// Those of a state folder. Touches nothing yet; where no file can be made, they are known to this process alone.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            file: Some(folder.join(FILE)),
            connection: Mutex::default(),
        }
    }

    /// What was read of the object under this key at `place`, if it is still the same.
    pub(super) fn get(&self, place: &str, object: &Object) -> Option<Arc<Vec<u8>>> {
        let mark = object.mark.as_ref()?;
        let found: Option<(String, Vec<u8>)> = self.asked(|connection| {
            let mut one = connection.prepare(GET)?;
            one.query_row(params![place, object.key, object.size, mark], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
        })?;
        found
            .filter(|(sha256, bytes)| Digest::of_bytes(bytes).to_string() == *sha256)
            .map(|(_, bytes)| Arc::new(bytes))
    }

    pub(super) fn put(&self, place: &str, object: &Object, bytes: &[u8]) {
        let Some(mark) = &object.mark else { return };
        self.asked(|connection| {
            let mut one = connection.prepare(PUT)?;
            let sha256 = Digest::of_bytes(bytes).to_string();
            one.execute(params![place, object.key, object.size, mark, sha256, bytes])
        });
    }

    /// Forgets what is not among `listed`, which are all objects of a folder.
    pub(super) fn forget_others(&self, place: &str, folder: &str, listed: &[Object]) {
        let listed: HashSet<&str> = listed.iter().map(|object| object.key.as_str()).collect();
        self.asked(|connection| {
            let mut all = connection.prepare("SELECT key FROM objects WHERE place = ?1")?;
            let known = all.query_map([place], |row| row.get::<_, String>(0))?;
            for key in known.collect::<Result<Vec<_>>>()? {
                if key.starts_with(folder) && !listed.contains(key.as_str()) {
                    connection.execute(
                        "DELETE FROM objects WHERE place = ?1 AND key = ?2",
                        [place, &key],
                    )?;
                }
            }
            Ok(())
        });
    }

    /// What the table answers; nothing if it cannot be asked.
    fn asked<T>(&self, question: impl FnOnce(&Connection) -> Result<T>) -> Option<T> {
        let connection = self.connection();
        let asked = question(connection.as_ref()?);
        asked
            .inspect_err(|error| tracing::debug!("what was read before is not known: {error}"))
            .ok()
    }

    fn connection(&self) -> MutexGuard<'_, Option<Connection>> {
        let mut connection = self.connection.lock();
        if connection.is_none() {
            let in_file = self.file.as_deref().and_then(open);
            *connection = in_file.or_else(|| prepared(Connection::open_in_memory()).ok());
        }
        connection
    }
}

/// What lies at `file`, or a new one in its place if it is none of ours.
fn open(file: &Path) -> Option<Connection> {
    let opened = || prepared(Connection::open(file));
    opened()
        .or_else(|error| {
            tracing::debug!(path = %file.display(), "what was read before is read again: {error}");
            for ending in ["", "-wal", "-shm"] {
                let mut name = file.as_os_str().to_owned();
                name.push(ending);
                let _ = fs::remove_file(name);
            }
            opened()
        })
        .ok()
}

fn prepared(opened: Result<Connection>) -> Result<Connection> {
    let connection = opened?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What a power cut takes is read again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch(TABLE)?;
    // A table of another version is none that these can be prepared for.
    connection.prepare(GET)?;
    connection.prepare(PUT)?;
    Ok(connection)
}

impl fmt::Debug for KnownObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KnownObjects").field(&self.file).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const PLACE: &str = "s3://bucket/app";

    fn object(key: &str, mark: Option<&str>) -> Object {
        Object {
            key: key.to_owned(),
            size: 3,
            mark: mark.map(str::to_owned),
        }
    }

    fn known(folder: &Path, mark: &str) -> Option<Vec<u8>> {
        let found = KnownObjects::in_folder(folder).get(PLACE, &object("daily/a", Some(mark)));
        found.map(|bytes| bytes.to_vec())
    }

    #[test]
    fn only_the_same_object_is_known() {
        let known = KnownObjects::default();
        known.put(PLACE, &object("daily/a", Some("1")), b"abc");
        known.put(PLACE, &object("daily/b", None), b"abc");
        let get = |place, key, mark| known.get(place, &object(key, mark)).is_some();
        assert!(get(PLACE, "daily/a", Some("1")));
        assert!(!get(PLACE, "daily/a", Some("2")));
        assert!(!get("s3://other/app", "daily/a", Some("1")));
        assert!(!get(PLACE, "daily/b", None));
        known.forget_others(PLACE, "monthly/", &[]);
        known.forget_others("s3://other/app", "daily/", &[]);
        assert!(get(PLACE, "daily/a", Some("1")));
        known.forget_others(PLACE, "daily/", &[]);
        assert!(!get(PLACE, "daily/a", Some("1")));
    }

    #[test]
    fn the_next_process_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        KnownObjects::in_folder(folder.path()).put(PLACE, &object("daily/a", Some("1")), b"abc");
        assert_eq!(known(folder.path(), "1").as_deref(), Some(&b"abc"[..]));
        assert_eq!(known(folder.path(), "2"), None);
    }

    #[test]
    fn a_damaged_file_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), [7; 5000]).unwrap();
        assert_eq!(known(folder.path(), "1"), None);
        KnownObjects::in_folder(folder.path()).put(PLACE, &object("daily/a", Some("1")), b"abc");
        assert_eq!(known(folder.path(), "1").as_deref(), Some(&b"abc"[..]));
    }

    #[test]
    fn damaged_bytes_are_not_known() {
        let folder = tempfile::tempdir().unwrap();
        KnownObjects::in_folder(folder.path()).put(PLACE, &object("daily/a", Some("1")), b"abc");
        let file = Connection::open(folder.path().join(FILE)).unwrap();
        file.execute("UPDATE objects SET bytes = x'616264'", [])
            .unwrap();
        assert_eq!(known(folder.path(), "1"), None);
    }

    #[test]
    fn where_no_file_can_be_made_they_are_known_to_this_process() {
        let known = KnownObjects::in_folder(Path::new("/proc/none"));
        known.put(PLACE, &object("daily/a", Some("1")), b"abc");
        assert!(known.get(PLACE, &object("daily/a", Some("1"))).is_some());
    }
}
