//! Where the kit tries a module: folders of its own, a shell that plays what a command may do, and
//! disks that are slow or full.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, mkfifoat};

use crate::artifact::{Spool, Writer};
use crate::cancel::Cancel;
use crate::command;
use crate::config::{Codec, Compression, Environment, Paths};
use crate::error::{Error, Result};
use crate::plan::{Grants, Request};
use crate::sandbox::{self, Directories, Ending, Module, Reporter};

use super::super::run::helpers;

/// Between asking a leftover process to end and ending it.
const GRACE: Duration = Duration::from_secs(2);
/// A slow disk takes this much, and rests.
const SIP: usize = 64 << 10;
const REST: Duration = Duration::from_millis(2);
/// What lies in the work directory, for modules that read files.
const FILES: [(&str, &str); 3] = [
    ("letter.txt", "Dear operator,\nall is well.\n"),
    ("folder/notes.txt", "notes\n"),
    ("folder/empty.txt", ""),
];

/// Folders that go away with it.
pub(super) struct Bench {
    folder: PathBuf,
    paths: Paths,
}

/// What commands do in a trial.
#[derive(Clone, Copy)]
pub(super) enum Commands<'a> {
    /// What they say.
    Real,
    /// All of them this line instead.
    Played(&'a str),
}

/// Where the artifact goes in a trial.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Disk {
    /// Like any other.
    Good,
    /// It takes its time.
    Slow,
    /// Nothing fits.
    Full,
}

/// One run of a module.
pub(super) struct Trial<'a> {
    pub(super) module: &'a Module,
    pub(super) config: String,
    pub(super) asks: Request,
    pub(super) commands: Commands<'a>,
    pub(super) disk: Disk,
    pub(super) cancel: Cancel,
}

/// How it went.
pub(super) struct Outcome {
    /// What the module answered, and what the host thinks of it; an error when it could not even start.
    pub(super) ending: Result<Ending>,
    /// The lines that ran.
    pub(super) ran: BTreeSet<String>,
    pub(super) took: Duration,
    /// Reads until the artifact's writer is gone: so it stays for longer.
    _disk: Option<Reader>,
}

impl Bench {
    pub(super) fn new() -> Result<Self> {
        let id = uuid::Uuid::now_v7();
        let folder = std::env::temp_dir().join(format!("sidecar-module-test-{id}"));
        let bench = Self {
            paths: Paths {
                workdir: folder.join("work"),
                artifacts: folder.join("artifacts"),
                temp_dump: folder.join("tmp/dump.tmp"),
                keep_undelivered: Duration::ZERO,
            },
            folder,
        };
        let failed = |path: &Path, error| Error::io("create", path, error);
        for path in ["work/folder", "artifacts", "tmp"] {
            let path = bench.folder.join(path);
            fs::create_dir_all(&path).map_err(|error| failed(&path, error))?;
        }
        for (name, text) in FILES {
            let path = bench.paths.workdir.join(name);
            fs::write(&path, text).map_err(|error| failed(&path, error))?;
        }
        Ok(bench)
    }

    /// The variables of this process, and those that every command has.
    pub(super) fn environment(&self) -> Environment {
        let own = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Environment::new(own.chain(self.helpers("module")), &self.folder)
    }

    pub(super) fn helpers(&self, module: &str) -> Vec<(String, String)> {
        helpers(&self.paths, module, None)
    }

    /// Runs the module to its end, and whatever it started.
    pub(super) fn run(&self, trial: Trial<'_>) -> Result<Outcome> {
        let mut grants = trial.asks.granted();
        if let (Commands::Played(line), false) = (trial.commands, grants.commands.is_empty()) {
            grants.shell = Some(self.shell(line)?);
        }
        let (spool, disk) = self.disk(trial.disk)?;
        let uncompressed = Compression {
            codec: Codec::None,
            level: None,
        };
        let writer = Writer::start(uncompressed, None, spool)?;
        let heard = Arc::new(Heard::default());
        let mut job = self.job(trial.module, trial.config, grants, trial.cancel);
        job.reporter = heard.clone();
        let started = Instant::now();
        let ending = trial.module.observe(job, writer);
        let took = started.elapsed();
        command::end_strays(GRACE);
        let ran = std::mem::take(&mut *heard.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Outcome {
            ending,
            ran,
            took,
            _disk: disk,
        })
    }

    /// All that a call of the module needs.
    pub(super) fn job(
        &self,
        module: &Module,
        config: String,
        grants: Grants,
        cancel: Cancel,
    ) -> sandbox::Job {
        let helpers = self.helpers(module.name());
        let mut env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        env.extend(
            helpers
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        sandbox::Job {
            id: "module-test".to_owned(),
            config,
            parameters: Vec::new(),
            grants,
            directories: Directories::from(&self.paths),
            temp_dump: self.paths.temp_dump.clone(),
            helpers,
            env,
            memory: module.limits().memory,
            cancel,
            reporter: Arc::new(Heard::default()),
        }
    }

    /// Where the files lie that a module may back up.
    pub(super) fn workdir(&self) -> PathBuf {
        self.paths.workdir.clone()
    }

    /// A new folder.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{name}-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&path).map_err(|error| Error::io("create", &path, error))?;
        Ok(path)
    }

    /// A FIFO that commands can write to, to say that they have started.
    pub(super) fn fifo(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{name}-{}", uuid::Uuid::now_v7()));
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR)
            .map_err(|error| Error::io("create", &path, error.into()))?;
        Ok(path)
    }

    /// A shell that does `line` whatever it is told.
    fn shell(&self, line: &str) -> Result<String> {
        let path = self.folder.join(format!("shell-{}", uuid::Uuid::now_v7()));
        // An empty line is the host asking what the shell can do.
        let script =
            format!("#!/bin/sh\nfor line; do :; done\n[ -n \"$line\" ] || exit 0\n{line}\n");
        fs::write(&path, script)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)))
            .map_err(|error| Error::io("create", &path, error))?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn disk(&self, disk: Disk) -> Result<(Spool, Option<Reader>)> {
        Ok(match disk {
            Disk::Good => {
                let id = uuid::Uuid::now_v7().to_string();
                (Spool::create(&self.paths.artifacts, &id)?, None)
            }
            Disk::Full => (Spool::elsewhere(Path::new("/dev/full"))?, None),
            Disk::Slow => {
                let fifo = self.fifo("disk")?;
                let end = Reader::open(&fifo)?;
                // Whoever reads before somebody has opened it to write finds its end.
                let spool = Spool::elsewhere(&fifo)?;
                (spool, Some(Reader::start(end)?))
            }
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "cannot remove the folder of the test");
        }
    }
}

/// The lines that ran.
#[derive(Default)]
struct Heard(Mutex<BTreeSet<String>>);

impl Reporter for Heard {
    fn report(&self, _: u64, _: Option<u64>, _: Option<&str>) {}

    fn runs(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.insert(line.to_owned());
    }
}

/// The other end of a slow disk: reads on until nobody writes any more.
struct Reader(Option<JoinHandle<()>>);

impl Reader {
    fn open(fifo: &Path) -> Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(fifo)
            .map_err(|error| Error::io("open", fifo, error))?;
        rustix::fs::fcntl_setfl(&file, OFlags::empty())
            .map_err(|error| Error::io("open", fifo, error.into()))?;
        Ok(file)
    }

    fn start(mut file: File) -> Result<Self> {
        let thread = std::thread::Builder::new()
            .name("slow-disk".to_owned())
            .spawn(move || {
                let mut sip = vec![0; SIP];
                while file.read(&mut sip).is_ok_and(|read| read > 0) {
                    std::thread::sleep(REST);
                }
            })
            .map_err(|error| {
                Error::run(
                    "no-thread",
                    format!("cannot start the disk's thread: {error}"),
                )
            })?;
        Ok(Self(Some(thread)))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}
