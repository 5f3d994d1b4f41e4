//! Interface `artifact`: the bytes that the run produces.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::SeekFrom;
use rustix::io::Errno;
use wasmtime::component::Resource;

use super::access::failed;
use super::files::OpenFile;
use crate::artifact::{Part, ReadError, Writer};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::bindings::sidecar::strategy::artifact::{Appended, Host};
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::run::State;

/// The host remembers the parts, so that there is an end to them: their number, and bytes of a name.
const MOST_PARTS: usize = 100_000;
const LONGEST_NAME: usize = 1024;

impl Host for State {
    fn write(&mut self, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Failure>> {
        let written = self.artifact().and_then(|artifact| artifact.write(&bytes));
        self.settle(written)
    }

    fn append_file(
        &mut self,
        file: Resource<OpenFile>,
        length: u64,
    ) -> wasmtime::Result<Result<Appended, Failure>> {
        let appended = append(self, &file, length)?;
        self.settle(appended)
    }

    fn position(&mut self) -> wasmtime::Result<u64> {
        Ok(self.artifact().map_or(0, |artifact| artifact.position()))
    }

    fn add_part(
        &mut self,
        name: String,
        offset: u64,
        length: u64,
    ) -> wasmtime::Result<Result<(), Failure>> {
        let added = self.new_part(&name).and_then(|artifact| {
            artifact.add_part(Part {
                name,
                offset,
                length,
                sha256: None,
            })
        });
        self.settle(added)
    }

    fn begin_part(&mut self, name: String) -> wasmtime::Result<Result<(), Failure>> {
        let begun = self
            .new_part(&name)
            .and_then(|artifact| artifact.begin_part(name));
        self.settle(begun)
    }

    fn end_part(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        let ended = self.artifact().and_then(Writer::end_part);
        self.settle(ended)
    }
}

/// Moves a file's bytes into the artifact: exactly as many as promised.
fn append(
    state: &mut State,
    file: &Resource<OpenFile>,
    length: u64,
) -> wasmtime::Result<Result<Appended>> {
    let missing = state.no_artifact();
    let State {
        table,
        artifact,
        cancel,
        ..
    } = state;
    let file = table.get_mut(file)?;
    let Some(artifact) = artifact else {
        return Ok(Err(missing));
    };
    Ok(copy(file, length, artifact, cancel))
}

fn copy(
    file: &mut OpenFile,
    length: u64,
    artifact: &mut Writer,
    cancel: &Cancel,
) -> Result<Appended> {
    let again = std::mem::replace(&mut file.moved, true);
    let wrong = |error: Errno| failed("read", &file.path, error);
    let mut known = std::mem::take(&mut file.content);
    known.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    artifact.write(&known)?;
    let mut done = known.len() as u64;
    // From the start, however often the module appends it.
    if again || done > 0 && done < length {
        rustix::fs::seek(&file.file, SeekFrom::Start(done)).map_err(wrong)?;
    }
    while done < length {
        cancel.check()?;
        match artifact.read_from(file.file.as_fd(), length - done) {
            Ok(0) => break,
            Ok(read) => done += read as u64,
            Err(ReadError::Source(error)) => return Err(wrong(error)),
            Err(ReadError::Artifact(error)) => return Err(error),
        }
    }
    let short = done < length;
    if short {
        tell_short(&file.path, length, done);
        fill(artifact, length - done, cancel)?;
    }
    Ok(Appended {
        length: done,
        short,
    })
}

pub(super) fn tell_short(path: &Path, promised: u64, found: u64) {
    tracing::warn!(
        path = %path.display(), promised, found,
        "the file became shorter while it was read; the rest is filled with zeros"
    );
}

/// Zeros in the place of what is missing: it may be more than any disk holds.
fn fill(artifact: &mut Writer, mut length: u64, cancel: &Cancel) -> Result<()> {
    while length > 0 {
        cancel.check()?;
        let now = length.min(1 << 20);
        artifact.zeros(now)?;
        length -= now;
    }
    Ok(())
}

impl State {
    /// The artifact, unless the FIFO at `SIDE_CAR_TEMP_DUMP` is writing it.
    pub(super) fn artifact(&mut self) -> Result<&mut Writer> {
        let missing = self.no_artifact();
        self.artifact.as_mut().ok_or(missing)
    }

    /// The artifact, if it can take another part.
    fn new_part(&mut self, name: &str) -> Result<&mut Writer> {
        let artifact = self.artifact()?;
        match name.len() > LONGEST_NAME || artifact.parts() == MOST_PARTS {
            true => Err(too_many_parts()),
            false => Ok(artifact),
        }
    }

    /// Why there is none.
    pub(super) fn no_artifact(&self) -> Error {
        match self.restoring {
            Some(_) => Error::run("no-artifact", "a restore writes no artifact"),
            None => busy(),
        }
    }

    /// An error that makes the artifact worthless fails the run, whatever the module makes of it;
    /// a cancelled run stops right here.
    pub(super) fn settle<T>(&mut self, result: Result<T>) -> wasmtime::Result<Result<T, Failure>> {
        if self.cancel.is_cancelled() {
            return Err(wasmtime::Error::msg("cancelled"));
        }
        Ok(result.map_err(|error| {
            let failure = Failure::from(&error);
            self.broken.get_or_insert(error);
            failure
        }))
    }
}

fn busy() -> Error {
    Error::run(
        "artifact-busy",
        "the artifact is being written from the FIFO at SIDE_CAR_TEMP_DUMP",
    )
    .hint("a module writes either there or itself, not both at once")
}

fn too_many_parts() -> Error {
    Error::run(
        "bad-part",
        format!(
            "an artifact has at most {MOST_PARTS} parts, with names of at most {LONGEST_NAME} bytes"
        ),
    )
}
