//! Interface `artifact`: the bytes that the run produces.

use std::os::fd::AsFd;

use rustix::fs::SeekFrom;
use rustix::io::Errno;
use wasmtime::component::Resource;

use crate::artifact::{Part, ReadError, Writer};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::paths::failed;
use crate::sandbox::bindings::strategy::sidecar::strategy::artifact::{Appended, Host};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::bounds::MOST_PARTS;
use crate::sandbox::state::State;
use crate::sandbox::state::open_file::{OpenFile, warn_short};

/// Bytes of a part's name, which the host remembers.
const LONGEST_NAME: usize = 1024;

impl Host for State {
    fn write(&mut self, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Failure>> {
        let written = self.artifact().and_then(|artifact| artifact.write(&bytes));
        self.answer(written)
    }

    fn append_file(
        &mut self,
        file: Resource<OpenFile>,
        length: u64,
    ) -> wasmtime::Result<Result<Appended, Failure>> {
        let appended = append(self, &file, length)?;
        self.answer(appended)
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
        self.answer(added)
    }

    fn begin_part(&mut self, name: String) -> wasmtime::Result<Result<(), Failure>> {
        let begun = self
            .new_part(&name)
            .and_then(|artifact| artifact.begin_part(name));
        self.answer(begun)
    }

    fn end_part(&mut self) -> wasmtime::Result<Result<(), Failure>> {
        let ended = self.artifact().and_then(Writer::end_part);
        self.answer(ended)
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
    let read_before = std::mem::replace(&mut file.moved, true);
    let wrong = |error: Errno| failed("read", &file.path, error);
    let mut known = std::mem::take(&mut file.content);
    known.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    artifact.write(&known)?;
    let mut done = known.len() as u64;
    // From the start, however often the module appends it.
    if read_before || done > 0 && done < length {
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
        warn_short(&file.path, length, done);
        fill(artifact, length - done, cancel)?;
    }
    Ok(Appended {
        length: done,
        short,
    })
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
    /// The artifact, if it can take another part.
    fn new_part(&mut self, name: &str) -> Result<&mut Writer> {
        let artifact = self.artifact()?;
        match name.len() > LONGEST_NAME || artifact.parts() == MOST_PARTS {
            true => Err(too_many_parts()),
            false => Ok(artifact),
        }
    }
}

fn too_many_parts() -> Error {
    Error::run(
        "bad-part",
        format!(
            "an artifact has at most {MOST_PARTS} parts, with names of at most {LONGEST_NAME} bytes"
        ),
    )
}
