//! The journal of runs: what ran on this sidecar, when, and how it ended.
//!
//! One SQLite file beside the lock, that any SQLite tool can read. It is a convenience: no backup
//! depends on it, so nothing in here can fail one. A damaged file is moved aside, and what cannot
//! be written is logged.

mod run;
mod store;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use rusqlite::{Connection, ErrorCode};

use crate::clock;

pub use run::{Artifact, Failure, Kind, Outcome, Run, State, StoreKeys};

/// The file, in the state folder.
const FILE: &str = "history.sqlite";

/// An open journal. Processes may share its file.
pub struct History {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Whether it could not be opened.
    in_memory: AtomicBool,
    /// What could not be written yet, such as the end of a run that has filled the disk.
    late: Mutex<Vec<Run>>,
}

impl History {
    /// Opens the journal in `folder`, or makes one. Without a usable file it is kept in memory.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let opened = open(&path);
        Self {
            in_memory: AtomicBool::new(opened.is_none()),
            connection: Mutex::new(opened.unwrap_or_else(store::in_memory)),
            late: Mutex::default(),
            path,
        }
    }

    /// Tries once more to get a file that could not be opened: a volume may have come. What was only
    /// in memory is forgotten.
    pub fn mend(&self) {
        if self.in_memory.load(Relaxed)
            && let Some(connection) = open(&self.path)
        {
            *self.connection() = connection;
            self.in_memory.store(false, Relaxed);
        }
    }

    /// Writes down how a run stands now.
    pub fn record(&self, run: &Run) {
        let mut late = lock(&self.late);
        late.retain(|earlier| earlier.id != run.id);
        late.push(run.clone());
        self.write(&mut late);
    }

    /// Tries once more to write what could not be written.
    pub fn catch_up(&self) {
        self.write(&mut lock(&self.late));
    }

    fn write(&self, late: &mut Vec<Run>) {
        late.retain(|run| {
            let written = self.try_to("record a run", |connection| {
                store::put(connection, run).map(|()| true)
            });
            !written
        });
    }

    /// Notes when somebody had got the whole artifact for the first time. Returns whether that is
    /// written down.
    pub fn delivered(&self, id: &str) -> bool {
        let at = clock::now();
        let mut late = lock(&self.late);
        for run in late.iter_mut().filter(|run| run.id == id) {
            run.delivered_at.get_or_insert(at);
        }
        self.try_to("record a delivery", |connection| {
            store::delivered(connection, id, at).map(|()| true)
        })
    }

    /// Marks what an earlier process did not finish. Only the holder of the run lock may do so.
    pub fn interrupt_unfinished(&self) {
        self.catch_up();
        let interrupted = self.try_to("mark interrupted runs", |connection| {
            store::interrupt(connection, clock::now())
        });
        if interrupted > 0 {
            tracing::warn!(
                runs = interrupted,
                "an earlier sidecar ended in the middle of a run"
            );
        }
    }

    /// The run with this id.
    pub fn get(&self, id: &str) -> Option<Run> {
        self.try_to("look up a run", |connection| store::get(connection, id))
    }

    /// The youngest run that was asked for under `key` in the time before now. One that was
    /// interrupted has done nothing: its key is free.
    pub fn by_key(&self, key: &str, within: SignedDuration) -> Option<Run> {
        let since = clock::now() - within;
        self.try_to("look up a run", |connection| {
            store::by_key(connection, key, since)
        })
    }

    /// The youngest runs, youngest first.
    pub fn list(&self, at_most: usize) -> Vec<Run> {
        self.try_to("list runs", |connection| store::list(connection, at_most))
    }

    /// The youngest backup in this state.
    pub fn last(&self, state: State) -> Option<Run> {
        self.try_to("look up a run", |connection| {
            store::last(connection, Kind::Backup, state)
        })
    }

    /// The youngest drill that is over, and the youngest one that succeeded.
    pub fn drills(&self) -> (Option<Run>, Option<Run>) {
        let last = |state| {
            self.try_to("look up a run", |connection| {
                store::last(connection, Kind::Drill, state)
            })
        };
        let over = State::ALL.into_iter().filter(|state| state.is_over());
        let youngest = over.filter_map(last).max_by(|a, b| a.id.cmp(&b.id));
        (youngest, last(State::Succeeded))
    }

    /// The run in progress, whatever it is for.
    pub fn running(&self) -> Option<Run> {
        let mut running = Kind::ALL.into_iter().filter_map(|kind| {
            self.try_to("look up a run", |connection| {
                store::last(connection, kind, State::Running)
            })
        });
        running.next()
    }

    /// The youngest run that `asker` asked for.
    pub fn last_asked_by(&self, asker: &str) -> Option<Run> {
        self.try_to("look up a run", |connection| {
            store::last_asked_by(connection, asker)
        })
    }

    /// How many backups ended, or stand, in each state.
    pub fn counts(&self) -> Vec<(State, u64)> {
        self.try_to("count runs", store::counts)
    }

    /// Whatever fails is logged and answered with nothing.
    fn try_to<T: Default>(
        &self,
        what: &str,
        action: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> T {
        let mut connection = self.connection();
        let mut done = action(&connection);
        if let Err(error) = &done
            && is_damaged(error)
            && let Some(anew) = begin_anew(&self.path, error)
        {
            *connection = anew;
            done = action(&connection);
        }
        done.unwrap_or_else(|error| {
            tracing::warn!(%error, "the history of runs: cannot {what}");
            T::default()
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        lock(&self.connection)
    }
}

fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file, or a new one in place of a damaged one.
fn open(path: &Path) -> Option<Connection> {
    match store::open(path) {
        Ok(connection) => Some(connection),
        Err(error) if is_damaged(&error) => begin_anew(path, &error),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the history of runs cannot be kept: it is forgotten when the sidecar ends");
            None
        }
    }
}

fn begin_anew(path: &Path, damage: &rusqlite::Error) -> Option<Connection> {
    let aside = move_aside(path);
    tracing::warn!(path = %path.display(), aside = %aside.display(), error = %damage, "the history of runs is damaged: moved it aside and began a new one");
    let opened = store::open(path);
    opened
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "cannot begin it"))
        .ok()
}

/// Whether the file is no history: a new one is better.
fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Keeps the damaged file for whoever wants to look; its log would not fit the next one.
fn move_aside(path: &Path) -> PathBuf {
    let named = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let aside = named(&format!(".damaged-{}", clock::now().as_second()));
    for (from, to) in [
        (path.to_owned(), aside.clone()),
        (
            named("-wal"),
            PathBuf::from(format!("{}-wal", aside.display())),
        ),
    ] {
        // Opening it again tells whether it worked.
        let _ = fs::rename(from, to);
    }
    let _ = fs::remove_file(named("-shm"));
    aside
}
