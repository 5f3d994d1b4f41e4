//! The file or FIFO at `SIDE_CAR_TEMP_DUMP`.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open};
use rustix::io::Errno;

use super::copy::copy;
use crate::artifact::{FetchedRange, ReadError, Writer};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::fs_atomic::Space;
use crate::paths::failed;

/// Where commands may leave the artifact.
pub(in crate::sandbox) struct TempDump {
    path: PathBuf,
    reader: Option<FifoReader>,
    /// Whether what lies there now is of this run.
    prepared: bool,
    /// The file that lay there before the run, held so that no other one gets its inode: a command may have
    /// written over it, or behind what it has.
    left: Option<OwnedFd>,
}

/// A thread that moves what comes through the FIFO into the artifact while the commands run.
struct FifoReader {
    stop: OwnedFd,
    thread: JoinHandle<(Writer, Result<u64>)>,
}

impl TempDump {
    pub(in crate::sandbox) fn new(path: PathBuf) -> Self {
        Self {
            left: open_place(&path).ok(),
            path,
            reader: None,
            prepared: false,
        }
    }
}

/// A run that ended early leaves no half dump behind.
impl Drop for TempDump {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            drop(reader.finish());
        }
        let left =
            self.prepared && fs::symlink_metadata(&self.path).is_ok_and(|facts| facts.is_file());
        if left && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the file of a failed run");
        }
    }
}

impl TempDump {
    /// Puts bytes there for commands that want a file, in place of what lies there.
    pub(in crate::sandbox) fn lay_out(
        &mut self,
        mut range: FetchedRange,
        cancel: &Cancel,
    ) -> Result<()> {
        let path = &self.path;
        match fs::symlink_metadata(path) {
            Ok(facts) if facts.is_dir() => return Err(is_directory(path)),
            Ok(facts) if facts.file_type().is_fifo() => return Err(is_fifo(path)),
            Ok(_) => fs::remove_file(path).map_err(|error| Error::io("remove", path, error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("inspect", path, error)),
        }
        if let Some(folder) = path.parent() {
            Space::of(folder)?.require(folder, range.left(), 1)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| Error::io("create", path, error))?;
        self.prepared = true;
        let wrong = |error| Error::io("write", path, error);
        copy(&mut range, &mut file, cancel, wrong).map(drop)
    }
}

impl TempDump {
    /// Makes room for what commands will leave there. A FIFO is read into the artifact from now on.
    pub(in crate::sandbox) fn prepare(
        &mut self,
        artifact: &mut Option<Writer>,
        cancel: &Cancel,
    ) -> Result<()> {
        let path = &self.path;
        self.prepared = true;
        let kind = match fs::symlink_metadata(path) {
            Ok(facts) => facts.file_type(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("inspect", path, error)),
        };
        if kind.is_fifo() {
            let artifact = artifact.take().ok_or_else(already_prepared)?;
            self.reader = Some(FifoReader::start(path, artifact, cancel.clone())?);
            return Ok(());
        }
        if kind.is_dir() {
            return Err(is_directory(path));
        }
        fs::remove_file(path).map_err(|error| Error::io("remove", path, error))?;
        self.left = None;
        tracing::warn!(path = %path.display(), "removed what an earlier run left there");
        Ok(())
    }

    /// Ends the reading of the FIFO, if there is one: the artifact is back, with the bytes that came.
    pub(in crate::sandbox) fn end_fifo(&mut self) -> Option<Result<(Writer, Result<u64>)>> {
        self.reader.take().map(FifoReader::finish)
    }

    /// Moves the file that commands left into the artifact. Returns its bytes.
    pub(in crate::sandbox) fn take_file(
        &self,
        artifact: &mut Writer,
        cancel: &Cancel,
    ) -> Result<u64> {
        if self
            .left
            .as_ref()
            .is_some_and(|left| is_at(left, &self.path))
        {
            return Err(of_an_earlier_run(&self.path));
        }
        take_file(&self.path, artifact, cancel)
    }

    /// An artifact of no bytes is none.
    pub(in crate::sandbox) fn not_empty(&self, bytes: u64) -> Result<u64> {
        match bytes {
            0 => Err(nothing(&self.path)),
            bytes => Ok(bytes),
        }
    }
}

/// What stands at `path`, neither followed nor opened for reading.
fn open_place(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::empty())
}

/// Whether a regular file still stands where it did.
fn is_at(file: &OwnedFd, path: &Path) -> bool {
    let id = |facts: Stat| (facts.st_dev, facts.st_ino);
    let held = fstat(file).ok();
    let there = open_place(path).and_then(fstat).ok().map(id);
    held.is_some_and(|held| {
        let is_file = FileType::from_raw_mode(held.st_mode) == FileType::RegularFile;
        is_file && there == Some(id(held))
    })
}

/// Appends the file that the commands left, and removes it.
fn take_file(path: &Path, artifact: &mut Writer, cancel: &Cancel) -> Result<u64> {
    let facts = match fs::symlink_metadata(path) {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(nothing(path)),
        Err(error) => return Err(Error::io("inspect", path, error)),
    };
    if facts.is_dir() {
        return Err(is_directory(path));
    }
    if !facts.is_file() {
        return Err(Error::run(
            "temp-dump-is-no-file",
            format!("{} is not a regular file", path.display()),
        )
        .hint("let the command write a file there, or create a FIFO there before the run"));
    }
    let file = open(
        path,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(|error| failed("open", path, error))?;
    let bytes = drain(&file, path, artifact, cancel)?;
    fs::remove_file(path).map_err(|error| Error::io("remove", path, error))?;
    Ok(bytes)
}

impl FifoReader {
    fn start(path: &Path, mut artifact: Writer, cancel: Cancel) -> Result<Self> {
        // Held for writing too, so that it never ends between two commands that write to it.
        let fifo = open(
            path,
            OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|error| failed("open", path, error))?;
        let stop =
            eventfd(0, EventfdFlags::CLOEXEC).map_err(|error| failed("watch", path, error))?;
        let watched = stop
            .try_clone()
            .map_err(|error| Error::io("watch", path, error))?;
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("fifo".to_owned())
            .spawn(move || {
                let read = follow(&fifo, &watched, &path, &mut artifact, &cancel);
                (artifact, read)
            })
            .map_err(|error| {
                Error::run(
                    "no-thread",
                    format!("cannot start the FIFO's thread: {error}"),
                )
            })?;
        Ok(Self { stop, thread })
    }

    /// Takes what is left in the FIFO: its writers have ended.
    fn finish(self) -> Result<(Writer, Result<u64>)> {
        rustix::io::write(&self.stop, &1_u64.to_ne_bytes()).map_err(|error| {
            Error::run("internal", format!("cannot stop reading the FIFO: {error}"))
        })?;
        self.thread
            .join()
            .map_err(|_| Error::run("internal", "the FIFO's thread panicked"))
    }
}

/// Reads while the commands write, and then what is left.
fn follow(
    fifo: &OwnedFd,
    stop: &OwnedFd,
    path: &Path,
    artifact: &mut Writer,
    cancel: &Cancel,
) -> Result<u64> {
    let mut bytes = 0;
    loop {
        let mut events = [
            PollFd::new(fifo, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
            PollFd::from_borrowed_fd(cancel.fd(), PollFlags::IN),
        ];
        rustix::io::retry_on_intr(|| poll(&mut events, None))
            .map_err(|error| failed("wait for", path, error))?;
        if let Some(reason) = cancel.reason() {
            return Err(reason.error());
        }
        let stopping = !events[1].revents().is_empty();
        bytes += drain(fifo, path, artifact, cancel)?;
        if stopping {
            return Ok(bytes);
        }
    }
}

/// Appends all that can be read now.
fn drain(source: impl AsFd, path: &Path, artifact: &mut Writer, cancel: &Cancel) -> Result<u64> {
    let mut bytes = 0;
    loop {
        cancel.check()?;
        match artifact.read_from(source.as_fd(), u64::MAX) {
            Ok(0) | Err(ReadError::Source(Errno::AGAIN)) => return Ok(bytes),
            Ok(read) => bytes += read as u64,
            Err(ReadError::Source(error)) => return Err(failed("read", path, error)),
            Err(ReadError::Artifact(error)) => return Err(error),
        }
    }
}

fn nothing(path: &Path) -> Error {
    Error::run(
        "nothing-generated",
        format!("the strategy did not generate an artifact: nothing was left at {}", path.display()),
    )
    .hint("let the command write to \"$SIDE_CAR_TEMP_DUMP\", or set capture_stdout: true if it writes to stdout")
}

fn of_an_earlier_run(path: &Path) -> Error {
    Error::run(
        "temp-dump-not-prepared",
        format!("the file at {} lay there before the run: the backup would be an older one, or both", path.display()),
    )
    .hint("remove the file if it is not needed; the module must call temp-dump.prepare before its commands")
}

fn is_directory(path: &Path) -> Error {
    Error::run(
        "temp-dump-is-directory",
        format!("paths.temp_dump {} is a directory", path.display()),
    )
    .hint("name a file in it instead, or remove the directory")
}

fn is_fifo(path: &Path) -> Error {
    Error::run(
        "temp-dump-is-fifo",
        format!("paths.temp_dump {} is a FIFO: a command that wants a file cannot have it there", path.display()),
    )
    .hint("let the restore command read its standard input, or name another path under paths.temp_dump")
}

fn already_prepared() -> Error {
    Error::run(
        "artifact-busy",
        "the FIFO at SIDE_CAR_TEMP_DUMP is being read already",
    )
}
