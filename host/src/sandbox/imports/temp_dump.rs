//! Interface `temp-dump`: the file or FIFO at `SIDE_CAR_TEMP_DUMP`.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

use super::access::failed;
use super::source::copy;
use crate::artifact::{Piece, ReadError, Writer};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::bindings::sidecar::strategy::temp_dump::Host;
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::run::State;

/// Where commands may leave the artifact.
pub(crate) struct TempDump {
    path: PathBuf,
    reader: Option<FifoReader>,
    /// Whether what lies there now is of this run.
    prepared: bool,
}

/// A thread that moves what comes through the FIFO into the artifact while the commands run.
struct FifoReader {
    stop: OwnedFd,
    thread: JoinHandle<(Writer, Result<u64>)>,
}

impl TempDump {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
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

impl Host for State {
    fn prepare(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        let prepared = prepare(self);
        self.settle(prepared)
    }

    fn collect(&mut self) -> wasmtime::Result<Result<u64, Failure>> {
        let collected = collect(self);
        self.settle(collected)
    }
}

impl TempDump {
    /// Puts bytes there for commands that want a file, in place of what lies there.
    pub(super) fn lay_out(&mut self, mut piece: Piece, cancel: &Cancel) -> Result<()> {
        let path = &self.path;
        match fs::symlink_metadata(path) {
            Ok(facts) if facts.is_dir() => return Err(is_directory(path)),
            Ok(facts) if facts.file_type().is_fifo() => return Err(is_fifo(path)),
            Ok(_) => fs::remove_file(path).map_err(|error| Error::io("remove", path, error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("inspect", path, error)),
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| Error::io("create", path, error))?;
        self.prepared = true;
        let wrong = |error| Error::io("write", path, error);
        copy(&mut piece, &mut file, cancel, wrong).map(drop)
    }
}

fn prepare(state: &mut State) -> Result<()> {
    let path = state.temp_dump.path.clone();
    state.temp_dump.prepared = true;
    let kind = match fs::symlink_metadata(&path) {
        Ok(facts) => facts.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("inspect", &path, error)),
    };
    if kind.is_fifo() {
        let artifact = state.artifact.take().ok_or_else(already_prepared)?;
        state.temp_dump.reader = Some(FifoReader::start(&path, artifact, state.cancel.clone())?);
        return Ok(());
    }
    if kind.is_dir() {
        return Err(is_directory(&path));
    }
    fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
    tracing::warn!(path = %path.display(), "removed what an earlier run left there");
    Ok(())
}

fn collect(state: &mut State) -> Result<u64> {
    let path = state.temp_dump.path.clone();
    let collected = match state.temp_dump.reader.take() {
        Some(reader) => {
            let (artifact, read) = reader.finish()?;
            state.artifact = Some(artifact);
            read?
        }
        None => {
            let cancel = state.cancel.clone();
            take_file(&path, state.artifact()?, &cancel)?
        }
    };
    match collected {
        0 => Err(nothing(&path)),
        bytes => Ok(bytes),
    }
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
