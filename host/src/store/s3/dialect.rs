//! What a service was found not to take. It is found once, by a request that succeeds without, and
//! remembered: in memory, and in a note in the cache, so that the next run does not begin by failing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::fs_atomic;

/// A service may learn: it is tried again after so many days.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

static FOLDER: OnceLock<PathBuf> = OnceLock::new();
static KNOWN: Mutex<BTreeMap<String, Arc<Dialect>>> = Mutex::new(BTreeMap::new());

/// Names the folder in which notes may be kept, once for the process. Without one they are kept in
/// memory only.
pub fn keep_notes_in(cache: &Path) {
    // The first one counts: a process has one cache.
    let _ = FOLDER.set(cache.join("stores"));
}

/// What is known of one service.
#[derive(Debug)]
pub(super) struct Dialect {
    place: String,
    note: Mutex<DialectNote>,
    /// The region that the bucket is in, as a refusal has told.
    region: Mutex<Option<String>>,
}

/// The file of a note.
#[derive(Debug, Default, Serialize, Deserialize)]
struct DialectNote {
    place: String,
    /// When checksum headers were found to be refused.
    refuses_checksums_since: Option<Timestamp>,
}

impl Dialect {
    /// That of a bucket: `http://minio:9000/backups`.
    pub(super) fn of(place: &str) -> Arc<Self> {
        let mut known = KNOWN.lock();
        let dialect = known.entry(place.to_owned()).or_insert_with(|| {
            Arc::new(Self {
                place: place.to_owned(),
                note: Mutex::new(read_note(place).unwrap_or_default()),
                region: Mutex::default(),
            })
        });
        dialect.clone()
    }

    /// Whether a request may carry checksums in headers that are newer than S3's first ones.
    pub(super) fn takes_checksums(&self) -> bool {
        let since = self.note.lock().refuses_checksums_since;
        // A clock that was put back proves nothing either.
        since.is_none_or(|since| clock::now().duration_since(since).abs() > REMEMBERED)
    }

    pub(super) fn refuses_checksums(&self) {
        if !self.takes_checksums() {
            return;
        }
        let place = &self.place;
        tracing::info!(
            place,
            "the service refuses checksum headers: from now on it gets `Content-MD5` instead"
        );
        let mut note = self.note.lock();
        *note = DialectNote {
            place: place.clone(),
            refuses_checksums_since: Some(clock::now()),
        };
        if let Err(error) = write_note(&note) {
            tracing::debug!(place, %error, "cannot note what the service refuses: the next run finds out again");
        }
    }

    pub(super) fn told_region(&self, region: &str) {
        *self.region.lock() = Some(region.to_owned());
    }

    /// The region that a refusal has named.
    pub(super) fn region(&self) -> Option<String> {
        self.region.lock().clone()
    }
}

fn note_path(place: &str) -> Option<PathBuf> {
    let name = Digest::of_bytes(place.as_bytes()).to_string();
    Some(FOLDER.get()?.join(name).with_extension("json"))
}

/// A note that cannot be read is no note.
fn read_note(place: &str) -> Option<DialectNote> {
    let text = std::fs::read(note_path(place)?).ok()?;
    let note: DialectNote = serde_json::from_slice(&text).ok()?;
    (note.place == place).then_some(note)
}

fn write_note(note: &DialectNote) -> Result<()> {
    let Some(path) = note_path(&note.place) else {
        return Ok(());
    };
    if let Some(folder) = path.parent() {
        let created = std::fs::create_dir_all(folder);
        created.map_err(|error| Error::io("create", folder, error))?;
    }
    Ok(fs_atomic::write(
        &path,
        serde_json::json!(note).to_string().as_bytes(),
        0o600,
    )?)
}
