//! The journal of runs: what ran on this sidecar, when, and how it ended.
//!
//! One SQLite file beside the lock, that any SQLite tool can read. It is a convenience: no backup
//! depends on it, so nothing in here can fail one. A damaged file is moved aside, and what cannot
//! be written is logged.

mod audit;
mod log;
mod run;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode};

use parking_lot::{Mutex, MutexGuard};

use crate::clock;
use crate::fs_atomic;
use crate::run_log::LogExcerpt;

pub use audit::AuditEntry;
pub use run::{
    PartOutcome, Run, RunArtifact, RunFailure, RunKind, RunOmission, RunState, StoreKeys,
};

/// The file, in the state folder.
const FILE: &str = "history.sqlite";

/// An open journal, as one strategy sees it. Processes may share its file.
pub struct History {
    journal: Arc<Journal>,
    whose: Whose,
}

/// The strategy whose runs are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The only one.
    Single,
    /// The set of several.
    Set,
    /// One of several.
    Member(String),
}

/// What all strategies share of it.
struct Journal {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Whether it could not be opened.
    in_memory: AtomicBool,
    /// When this process recorded the runs that have a key, on the monotonic clock.
    asked: Mutex<HashMap<String, Duration>>,
    /// What could not be written yet, such as the end of a run that has filled the disk.
    late: Mutex<Vec<Run>>,
}

impl History {
    /// Opens the journal in `folder`, or makes one. Without a usable file it is in memory.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let opened = open(&path);
        Self {
            journal: Arc::new(Journal {
                in_memory: AtomicBool::new(opened.is_none()),
                connection: Mutex::new(opened.unwrap_or_else(schema::in_memory)),
                asked: Mutex::default(),
                late: Mutex::default(),
                path,
            }),
            whose: Whose::Single,
        }
    }

    /// The same journal as a strategy, or a set, sees it.
    pub fn of(&self, whose: Whose) -> Self {
        Self {
            journal: self.journal.clone(),
            whose,
        }
    }

    /// Tries once more to get a file that could not be opened: a volume may have come. What was only
    /// in memory is forgotten.
    pub fn mend(&self) {
        if self.journal.in_memory.load(Relaxed)
            && let Some(connection) = open(&self.journal.path)
        {
            *self.connection() = connection;
            self.journal.in_memory.store(false, Relaxed);
        }
    }

    /// Writes down how a run stands now.
    pub fn record(&self, run: &Run) {
        if run.idempotency_key.is_some() && is_now(run.queued_at) {
            let mut asked = lock(&self.journal.asked);
            asked.entry(run.id.clone()).or_insert_with(clock::monotonic);
        }
        let mut late = lock(&self.journal.late);
        late.retain(|earlier| earlier.id != run.id);
        late.push(run.clone());
        self.write(&mut late);
    }

    /// Tries once more to write what could not be written.
    pub fn catch_up(&self) {
        self.write(&mut lock(&self.journal.late));
    }

    fn write(&self, late: &mut Vec<Run>) {
        late.retain(|run| {
            let written = self.try_to("record a run", |connection| {
                store::put(connection, run).map(|()| true)
            });
            !written
        });
    }

    /// Records when the whole artifact had been sent for the first time. Returns whether that could be
    /// written.
    pub fn record_sent(&self, id: &str) -> bool {
        let at = clock::now();
        let mut late = lock(&self.journal.late);
        for run in late.iter_mut().filter(|run| run.id == id) {
            run.delivered_at.get_or_insert(at);
        }
        self.try_to("record that an artifact was sent", |connection| {
            store::record_sent(connection, id, at).map(|()| true)
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
    pub fn by_key(&self, key: &str, within: Duration) -> Option<Run> {
        let run = self.try_to("look up a run", |connection| store::by_key(connection, key))?;
        let mut asked = lock(&self.journal.asked);
        let now = clock::monotonic();
        asked.retain(|_, then| now.saturating_sub(*then) <= within);
        // The clock may have been set since: what was asked of this process is not forgotten for that,
        // and what another one has recorded counts on either side of now.
        let away = clock::now().duration_since(run.queued_at).unsigned_abs();
        (asked.contains_key(&run.id) || away <= within).then_some(run)
    }

    /// The youngest runs, youngest first, of all strategies.
    pub fn list(&self, at_most: usize) -> Vec<Run> {
        self.try_to("list runs", |connection| store::list(connection, at_most))
    }

    /// The backups that the set `id` is made of.
    pub fn members(&self, id: &str) -> Vec<Run> {
        self.try_to("list the members of a set", |connection| {
            store::members(connection, id)
        })
    }

    /// The same of this strategy.
    pub fn own(&self, at_most: usize) -> Vec<Run> {
        self.try_to("list runs", |connection| {
            store::own(connection, &self.whose, at_most)
        })
    }

    /// The youngest of its runs that make backups, whatever else has run; of all times, or asked for since then.
    pub fn own_backups(&self, since: Option<Timestamp>, at_most: usize) -> Vec<Run> {
        self.try_to("list runs", |connection| {
            store::own_backups(connection, &self.whose, since, at_most)
        })
    }

    /// When the first run of this strategy was asked for.
    pub fn began(&self) -> Option<Timestamp> {
        self.try_to("look up the first run", |connection| {
            store::began(connection, &self.whose)
        })
    }

    /// The youngest backup in this state.
    pub fn last(&self, state: RunState) -> Option<Run> {
        self.try_to("look up a run", |connection| {
            store::last(connection, &self.whose, RunKind::Backup, state)
        })
    }

    /// The youngest drill that is over, and the youngest one that succeeded.
    pub fn drills(&self) -> (Option<Run>, Option<Run>) {
        let last = |state| {
            self.try_to("look up a run", |connection| {
                store::last(connection, &self.whose, RunKind::Drill, state)
            })
        };
        let over = self.try_to("look up a run", |connection| {
            store::last_over(connection, &self.whose, RunKind::Drill)
        });
        (over, last(RunState::Succeeded))
    }

    /// Writes down what was asked, by whom, and what came of it.
    pub fn audit(&self, entry: &AuditEntry) {
        self.try_to("record a request", |connection| {
            audit::add(connection, entry)
        });
    }

    /// What was asked, youngest first.
    pub fn audited(&self, at_most: usize) -> Vec<AuditEntry> {
        self.try_to("list requests", |connection| {
            audit::list(connection, at_most)
        })
    }

    /// Keeps what a run has said; of a run that said nothing, nothing.
    pub fn record_log(&self, id: &str, log: &LogExcerpt) {
        if log.next > 0 {
            self.try_to("keep what a run said", |connection| {
                log::put(connection, id, log)
            });
        }
    }

    /// What a run that is over has said, of the last 200 that said something.
    pub fn log(&self, id: &str) -> LogExcerpt {
        self.try_to("look up what a run said", |connection| {
            log::get(connection, id)
        })
    }

    /// When a drill last brought each backup back, by its id.
    pub fn drilled(&self) -> HashMap<String, Timestamp> {
        self.try_to("look up drills", store::drilled)
    }

    /// The run in progress, whatever it is for.
    pub fn running(&self) -> Option<Run> {
        let mut running = RunKind::ALL.into_iter().filter_map(|kind| {
            self.try_to("look up a run", |connection| {
                store::running(connection, kind)
            })
        });
        running.next()
    }

    /// The youngest run that `asker` asked for.
    pub fn last_asked_by(&self, asker: &str) -> Option<Run> {
        self.try_to("look up a run", |connection| {
            store::last_asked_by(connection, &self.whose, asker)
        })
    }

    /// How many backups ended, or stand, in each state.
    pub fn counts(&self) -> Vec<(RunState, u64)> {
        self.try_to("count runs", |connection| {
            store::counts(connection, &self.whose)
        })
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
            && let Some(anew) = begin_anew(&self.journal.path, error)
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
        lock(&self.journal.connection)
    }
}

fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock()
}

/// The file, or a new one in place of a damaged one.
fn open(path: &Path) -> Option<Connection> {
    match schema::open(path) {
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
    let opened = schema::open(path);
    opened
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "cannot begin it"))
        .ok()
}

/// Whether the wall clock shows about that time.
fn is_now(at: Timestamp) -> bool {
    clock::now().duration_since(at).abs() <= clock::TOLERANCE
}

/// Whether the file is no history: a new one is better.
fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// The damaged file stays for the operator; its log would not fit the next one.
fn move_aside(path: &Path) -> PathBuf {
    let named = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    // The clock may show that second once again: what lies there already stays.
    let ending = format!(".damaged-{}", clock::now().as_second());
    let again = (2..).map(|again| named(&format!("{ending}-{again}")));
    let free = std::iter::once(named(&ending)).chain(again);
    let aside = free.into_iter().find(|path| !path.exists());
    let aside = aside.unwrap_or_else(|| named(&ending));
    for (from, to) in [
        (path.to_owned(), aside.clone()),
        (
            named("-wal"),
            PathBuf::from(format!("{}-wal", aside.display())),
        ),
    ] {
        // Opening it again tells whether it worked.
        let _ = fs_atomic::rename(&from, &to);
    }
    let _ = fs::remove_file(named("-shm"));
    aside
}
