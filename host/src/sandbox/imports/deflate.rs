//! Interface `deflate`: files as the entries of a zip.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::Resource;

use super::artifact::tell_short;
use super::files::OpenFile;
use crate::artifact::Writer;
use crate::artifact::codec::deflate::{self, Deflater, Failed, Method, Prepared};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::bindings::sidecar::strategy::deflate::{Facts, Host, HostDeflated};
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::run::State;

/// A file that is being deflated, or was.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Deflated {
    path: PathBuf,
    progress: Progress,
}

enum Progress {
    Prepared(Prepared),
    Done(deflate::Deflated),
    /// Reading the file failed, which was told.
    Failed,
}

impl Deflated {
    /// Waits until it is done.
    fn done(&mut self) -> Result<&deflate::Deflated> {
        if let Progress::Prepared(_) = self.progress
            && let Progress::Prepared(prepared) =
                std::mem::replace(&mut self.progress, Progress::Failed)
        {
            let done = prepared
                .wait()
                .map_err(|error| Error::io("read", &self.path, error))?;
            if done.facts.from_file < done.facts.length {
                tell_short(&self.path, done.facts.length, done.facts.from_file);
            }
            self.progress = Progress::Done(done);
        }
        match &self.progress {
            Progress::Done(done) => Ok(done),
            _ => Err(Error::run(
                "not-deflated",
                format!("{} could not be read before", self.path.display()),
            )),
        }
    }
}

impl Host for State {
    fn prepare(
        &mut self,
        file: Resource<OpenFile>,
        length: u64,
        level: u32,
    ) -> wasmtime::Result<Result<Option<Resource<Deflated>>, Failure>> {
        let file = self.table.get(&file)?;
        let (path, source) = (file.path.clone(), Source::new(file, &self.cancel));
        let prepared = match deflater(&mut self.deflater) {
            Ok(deflater) => deflater.prepare(source, length, level),
            Err(error) => return self.settle(Err(error)),
        };
        let shared = prepared.map(|prepared| {
            self.table.push(Deflated {
                path,
                progress: Progress::Prepared(prepared),
            })
        });
        Ok(Ok(shared.transpose()?))
    }

    fn append_deflated(
        &mut self,
        deflated: Resource<Deflated>,
    ) -> wasmtime::Result<Result<(), Failure>> {
        let mut deflated = self.table.delete(deflated)?;
        let appended = deflated
            .done()
            .and_then(|done| self.artifact()?.write(&done.bytes));
        self.settle(appended)
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
        self.settle(streamed)
    }
}

impl HostDeflated for State {
    fn facts(&mut self, deflated: Resource<Deflated>) -> wasmtime::Result<Result<Facts, Failure>> {
        let deflated = self.table.get_mut(&deflated)?;
        let facts = deflated.done().map(|done| Facts::from(done.facts));
        self.settle(facts)
    }

    fn drop(&mut self, deflated: Resource<Deflated>) -> wasmtime::Result<()> {
        self.table.delete(deflated)?;
        Ok(())
    }
}

impl From<deflate::Facts> for Facts {
    fn from(facts: deflate::Facts) -> Self {
        let method = match facts.method {
            Method::Stored => "stored",
            Method::Deflated => "deflated",
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
    let mut sink = Sink {
        artifact,
        wrong: None,
    };
    let facts = deflater
        .stream(Source::new(file, cancel), length, level, &mut sink)
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
        tell_short(&file.path, length, facts.from_file);
    }
    Ok(facts.into())
}

/// A file from its start, however often the module reads it; its end once the run is cancelled.
struct Source {
    file: Arc<OwnedFd>,
    position: u64,
    cancel: Cancel,
}

impl Source {
    fn new(file: &OpenFile, cancel: &Cancel) -> Self {
        Self {
            file: file.file.clone(),
            position: 0,
            cancel: cancel.clone(),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("the run was cancelled"));
        }
        let read = rustix::io::pread(&self.file, buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

/// The artifact, which knows best why it cannot be written.
struct Sink<'a> {
    artifact: &'a mut Writer,
    wrong: Option<Error>,
}

impl Write for Sink<'_> {
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
