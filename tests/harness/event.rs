//! Waiting for something to happen, without guessing how long that takes.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

/// How long anything that should happen at once may take on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A place in a command line where the command stops until the test lets it go on.
///
/// It is a FIFO: `cat GATE` in the command opens it for reading, which is the event that the test
/// awaits by opening it for writing.
pub(crate) struct Gate {
    path: PathBuf,
}

impl Gate {
    /// A gate in `folder`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        mkfifo(&path);
        Self { path }
    }

    /// For a command that opens it itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the command has to run to stop here: prints what the test writes into the gate.
    pub(crate) fn wait(&self) -> String {
        format!("cat '{}'", self.path.display())
    }

    /// Returns when a command stands at the gate. It goes on when the returned file is dropped.
    pub(crate) fn reached(&self) -> File {
        let (send, receive) = mpsc::channel();
        let path = self.path.clone();
        std::thread::spawn(move || send.send(OpenOptions::new().write(true).open(path).unwrap()));
        receive
            .recv_timeout(TIME_LIMIT)
            .expect("no command reached the gate in time")
    }
}

/// Makes a FIFO that everybody may use.
pub(crate) fn mkfifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    rustix::fs::chmod(path, Mode::from_raw_mode(0o666)).unwrap();
}

/// Asks `probe` until it knows something: for what the system does not announce, such as the
/// end of a process that is not our child. Panics after `limit`.
pub(crate) fn within<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
