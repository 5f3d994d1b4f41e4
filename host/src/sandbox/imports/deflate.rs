//! Interface `deflate`: files as the entries of a zip.

use std::io::{self, Write};

use wasmtime::component::Resource;

use crate::artifact::Writer;
use crate::artifact::codec::deflate::{self, Deflater, EntryMethod, Failed};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::bindings::strategy::sidecar::strategy::deflate::{Facts, Host, HostDeflated};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::State;
use crate::sandbox::state::deflated::DeflatedFile;
use crate::sandbox::state::open_file::{FileSource, OpenFile, warn_short};

impl Host for State {
    fn prepare(
        &mut self,
        file: Resource<OpenFile>,
        length: u64,
        level: u32,
    ) -> wasmtime::Result<Result<Option<Resource<DeflatedFile>>, Failure>> {
        let file = self.table.get(&file)?;
        let (path, source) = (file.path.clone(), FileSource::new(file, &self.cancel));
        let prepared = match deflater(&mut self.deflater) {
            Ok(deflater) => deflater.prepare(source, length, level),
            Err(error) => return self.answer(Err(error)),
        };
        // A module that has as many handles as it may is one that has prepared enough.
        Ok(Ok(prepared.and_then(|prepared| {
            self.table.push(DeflatedFile::new(path, prepared)).ok()
        })))
    }

    fn append_deflated(
        &mut self,
        deflated: Resource<DeflatedFile>,
    ) -> wasmtime::Result<Result<(), Failure>> {
        let mut deflated = self.table.delete(deflated)?;
        let appended = deflated
            .done()
            .and_then(|done| self.artifact()?.write(&done.bytes));
        self.answer(appended)
    }

    fn append_file_deflated(
        &mut self,
        file: Resource<OpenFile>,
        length: u64,
        level: u32,
    ) -> wasmtime::Result<Result<Facts, Failure>> {
        let missing = self.no_artifact();
        let State {
            table,
            artifact,
            deflater: deflaters,
            cancel,
            ..
        } = self;
        let file = table.get(&file)?;
        let streamed = match artifact {
            None => Err(missing),
            Some(artifact) => deflater(deflaters)
                .and_then(|deflater| stream(deflater, file, length, level, artifact, cancel)),
        };
        self.answer(streamed)
    }
}

impl HostDeflated for State {
    fn facts(
        &mut self,
        deflated: Resource<DeflatedFile>,
    ) -> wasmtime::Result<Result<Facts, Failure>> {
        let deflated = self.table.get_mut(&deflated)?;
        let facts = deflated.done().map(|done| Facts::from(done.facts));
        self.answer(facts)
    }

    fn drop(&mut self, deflated: Resource<DeflatedFile>) -> wasmtime::Result<()> {
        self.table.delete(deflated)?;
        Ok(())
    }
}

impl From<deflate::Facts> for Facts {
    fn from(facts: deflate::Facts) -> Self {
        let method = match facts.method {
            EntryMethod::Stored => "stored",
            EntryMethod::Deflated => "deflated",
        };
        Self {
            method: method.to_owned(),
            crc32: facts.crc32,
            length: facts.length,
            compressed_length: facts.compressed_length,
            short: facts.from_file < facts.length,
        }
    }
}

/// Its threads start with the first file.
fn deflater(deflater: &mut Option<Deflater>) -> Result<&Deflater> {
    match deflater {
        Some(deflater) => Ok(deflater),
        none => {
            let started = Deflater::new().map_err(|error| {
                Error::run(
                    "no-thread",
                    format!("cannot start the threads that deflate: {error}"),
                )
            })?;
            Ok(none.insert(started))
        }
    }
}

fn stream(
    deflater: &Deflater,
    file: &OpenFile,
    length: u64,
    level: u32,
    artifact: &mut Writer,
    cancel: &Cancel,
) -> Result<Facts> {
    let mut sink = ArtifactSink {
        artifact,
        wrong: None,
    };
    let facts = deflater
        .stream(FileSource::new(file, cancel), length, level, &mut sink)
        .map_err(|failed| match failed {
            Failed::Read(error) => Error::io("read", &file.path, error),
            Failed::Write(error) => sink.wrong.unwrap_or_else(|| {
                Error::run(
                    "transform-failed",
                    format!("cannot deflate {}: {error}", file.path.display()),
                )
            }),
        })?;
    if facts.from_file < length {
        warn_short(&file.path, length, facts.from_file);
    }
    Ok(facts.into())
}

/// The artifact, which knows best why it cannot be written.
struct ArtifactSink<'a> {
    artifact: &'a mut Writer,
    wrong: Option<Error>,
}

impl Write for ArtifactSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.artifact.write(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.wrong = Some(error);
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
