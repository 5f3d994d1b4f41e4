//! The stages put together.

use std::collections::HashSet;
use std::os::fd::AsFd;
use std::thread::JoinHandle;

use rustix::buffer::spare_capacity;

use super::buffers::BufferPool;
use super::manifest::{self, Manifest};
use super::part_borders::PartBorders;
use super::spool::Spool;
use super::stage::{self, Inlet, Outlet, StageFailure, Stopped, abandoned};
use super::transform::{self, transform};
use super::{codec, encrypt};
use crate::config::{Codec, Compression, Encryption};
use crate::digest::{Digest, DigestMeter, Measured};
use crate::error::{Error, Result};

/// A named range of the artifact before compression.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Part {
    /// Unique in the artifact: a database's name.
    pub name: String,
    /// Bytes from the start.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Of these bytes; with it the part can be checked without the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<super::manifest::Sha256>,
}

/// Where a run writes its artifact.
pub struct Writer {
    /// Gone once a stage has stopped.
    outlet: Option<Outlet>,
    parts: Vec<Part>,
    /// Of all parts, the open one included.
    names: HashSet<String>,
    /// Bytes that the parts make in the manifest.
    described: usize,
    /// The part that was begun and has not ended: its name and where it begins.
    open: Option<(String, u64)>,
    /// The same for those who read along.
    borders: PartBorders,
    /// Gone once they were asked how it went.
    stages: Option<Stages>,
}

struct Stages {
    /// Those that change the bytes: compression, encryption, or none.
    transforms: Vec<JoinHandle<Result<Measured, StageFailure>>>,
    hash: JoinHandle<Result<Measured, StageFailure>>,
    spool: JoinHandle<Result<Spool, StageFailure>>,
}

/// An artifact that is complete and on the disk, but not published yet.
#[derive(Debug)]
pub struct Sealed {
    /// Its file.
    pub spool: Spool,
    /// Bytes as published.
    pub size: u64,
    /// Of the bytes as published.
    pub sha256: Digest,
    /// Bytes before compression.
    pub raw_size: u64,
    /// Of the bytes before compression.
    pub raw_sha256: Digest,
    /// What can be restored alone.
    pub parts: Vec<Part>,
}

impl Writer {
    /// Starts the stages; they end with [`Writer::finish`], or when the writer is dropped.
    pub fn start(
        compression: Compression,
        encryption: Option<&Encryption>,
        spool: Spool,
    ) -> Result<Self> {
        let pool = BufferPool::default();
        let borders = spool.borders.clone();
        let (to_spool, from_hash) = stage::channel(&pool);
        let spool = stage::start("spool", move || write_spool(from_hash, spool))?;
        let (mut outlet, from_transforms) = stage::channel(&pool);
        let hash = stage::start("hash", move || measure(from_transforms, to_spool))?;
        let mut transforms = Vec::new();
        if let Some(encryption) = encryption {
            let encryptor = encrypt::encryptor(encryption)?;
            let (before, inlet) = stage::channel(&pool);
            let after = std::mem::replace(&mut outlet, before);
            transforms.push(stage::start("encrypt", move || {
                let sent = after.sent();
                let encrypting = encryptor.wrap_output(after).map_err(transform::failed)?;
                transform(inlet, encrypting, &sent, transform::FLUSH_TIMEOUT)
            })?);
        }
        if compression.codec != Codec::None {
            let (before, inlet) = stage::channel(&pool);
            let after = std::mem::replace(&mut outlet, before);
            transforms.push(stage::start("compress", move || {
                let sent = after.sent();
                let encoder = codec::encoder(compression, after)?;
                transform(inlet, encoder, &sent, transform::FLUSH_TIMEOUT)
            })?);
        }
        Ok(Self {
            outlet: Some(outlet),
            parts: Vec::new(),
            names: HashSet::new(),
            described: 0,
            open: None,
            borders,
            stages: Some(Stages {
                transforms,
                hash,
                spool,
            }),
        })
    }

    /// Bytes written so far, before compression.
    pub fn position(&self) -> u64 {
        self.outlet.as_ref().map_or(0, Outlet::position)
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = self.outlet()?.put(bytes);
        sent.map_err(|Stopped| self.why_stopped())
    }

    /// The pipeline's own buffer, to append to within its capacity, which leaves room for at least
    /// one byte. [`Writer::flush`] when it is full.
    pub fn room(&mut self) -> Result<&mut Vec<u8>> {
        Ok(self.outlet()?.room())
    }

    /// Hands on what is in the buffer, full or not.
    pub fn flush(&mut self) -> Result<()> {
        let sent = self.outlet()?.hand_over();
        sent.map_err(|Stopped| self.why_stopped())
    }

    /// Appends what one `read` of `source` gives, straight into the pipeline's buffer: at most
    /// `at_most` bytes. Returns their number; none at the end.
    pub fn read_from(&mut self, source: impl AsFd, at_most: u64) -> Result<usize, ReadError> {
        let outlet = self.outlet().map_err(ReadError::Artifact)?;
        let room = outlet.room();
        let read = rustix::io::retry_on_intr(|| fill(room, &source, at_most))
            .map_err(ReadError::Source)?;
        let sent = outlet.filled();
        sent.map_err(|Stopped| ReadError::Artifact(self.why_stopped()))?;
        Ok(read)
    }

    /// Appends `length` zeros.
    pub fn zeros(&mut self, mut length: u64) -> Result<()> {
        let zeros = [0_u8; 8192];
        while length > 0 {
            let now = length.min(zeros.len() as u64);
            self.write(&zeros[..now as usize])?;
            length -= now;
        }
        Ok(())
    }

    /// Names a range of what was written.
    pub fn add_part(&mut self, part: Part) -> Result<()> {
        let end = part.offset.checked_add(part.length);
        if end.is_none_or(|end| end > self.position()) {
            let name = part.name;
            return Err(bad_part(format!(
                "part {name:?} ends behind what was written"
            )));
        }
        self.reserve(&part.name)?;
        self.parts.push(part);
        Ok(())
    }

    /// Fails for a name that another part has, and if the manifest could not be read back with another part.
    fn reserve(&mut self, name: &str) -> Result<()> {
        if !self.names.insert(name.to_owned()) {
            return Err(bad_part(format!("there are two parts called {name:?}")));
        }
        self.described += manifest::part_size(name);
        match self.described < Manifest::LARGEST {
            true => Ok(()),
            false => Err(manifest::too_large()),
        }
    }

    /// What is written from here on is a part of that name.
    pub fn begin_part(&mut self, name: String) -> Result<()> {
        if let Some((open, _)) = &self.open {
            return Err(bad_part(format!(
                "part {name:?} begins before part {open:?} has ended"
            )));
        }
        self.reserve(&name)?;
        let sent = self.outlet()?.begin_digest();
        sent.map_err(|Stopped| self.why_stopped())?;
        let position = self.position();
        self.borders.add(position, Some(name.clone()));
        self.open = Some((name, position));
        Ok(())
    }

    /// The part that was begun ends here.
    pub fn end_part(&mut self) -> Result<()> {
        let (name, offset) = self
            .open
            .take()
            .ok_or_else(|| bad_part("no part was begun".to_owned()))?;
        let sent = self.outlet()?.end_digest();
        let hash = sent.map_err(|Stopped| self.why_stopped())?;
        self.borders.add(self.position(), None);
        self.parts.push(Part {
            name,
            offset,
            length: self.position() - offset,
            sha256: Some(super::manifest::Sha256::of(hash)),
        });
        Ok(())
    }

    /// How many parts have ended.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Flushes every stage and the disk.
    pub fn finish(mut self) -> Result<Sealed> {
        if let Some((open, _)) = &self.open {
            return Err(bad_part(format!("part {open:?} has no end")));
        }
        let ended = match self.outlet.take() {
            Some(outlet) => outlet.end(),
            None => Err(Stopped),
        };
        let stages = self.stages.take().ok_or_else(abandoned)?;
        if ended.is_err() {
            return Err(stages.why_stopped());
        }
        let ended = stages.join();
        // The stage furthest behind knows the cause; those before it only that it went away.
        let (spool, measured) = (ended.spool?, ended.hash?);
        let transforms = ended
            .transforms
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let raw = transforms.last().unwrap_or(&measured);
        Ok(Sealed {
            spool,
            size: measured.size,
            sha256: measured.sha256,
            raw_size: raw.size,
            raw_sha256: raw.sha256,
            parts: std::mem::take(&mut self.parts),
        })
    }

    fn outlet(&mut self) -> Result<&mut Outlet> {
        self.outlet.as_mut().ok_or_else(abandoned)
    }

    /// Closes the channels and asks the stages what went wrong.
    fn why_stopped(&mut self) -> Error {
        self.outlet = None;
        self.stages
            .take()
            .map_or_else(abandoned, Stages::why_stopped)
    }
}

fn bad_part(what: String) -> Error {
    Error::run("bad-part", what)
}

/// An abandoned artifact is gone when this returns: its stages have ended, its file is removed.
impl Drop for Writer {
    fn drop(&mut self) {
        self.outlet = None;
        if let Some(stages) = self.stages.take() {
            drop(stages.join());
        }
    }
}

/// How each stage ended; of the transforms, the one furthest behind first.
struct Ended {
    spool: Result<Spool, StageFailure>,
    hash: Result<Measured, StageFailure>,
    transforms: Vec<Result<Measured, StageFailure>>,
}

impl Stages {
    /// Waits for all of them.
    fn join(self) -> Ended {
        Ended {
            spool: join(self.spool),
            hash: join(self.hash),
            transforms: self.transforms.into_iter().map(join).collect(),
        }
    }

    /// The first cause, seen from the end.
    fn why_stopped(self) -> Error {
        let ended = self.join();
        let transforms = ended.transforms.into_iter().filter_map(Result::err);
        ended
            .spool
            .err()
            .into_iter()
            .chain(ended.hash.err())
            .chain(transforms)
            .find_map(|failure| match failure {
                StageFailure::Cause(error) => Some(error),
                StageFailure::Abandoned => None,
            })
            .unwrap_or_else(abandoned)
    }
}

/// What went wrong in [`Writer::read_from`].
#[derive(Debug)]
pub enum ReadError {
    /// The source could not be read.
    Source(rustix::io::Errno),
    /// The artifact could not take it.
    Artifact(Error),
}

/// One read to the end of `room`, which has free capacity. What is beyond `at_most` is dropped: that
/// is rare, and asking for less would mean to clear the room first.
fn fill(room: &mut Vec<u8>, source: &impl AsFd, at_most: u64) -> rustix::io::Result<usize> {
    let start = room.len();
    let read = rustix::io::read(source, spare_capacity(room))?;
    let taken = usize::try_from(at_most).map_or(read, |at_most| read.min(at_most));
    room.truncate(start + taken);
    Ok(taken)
}

fn join<T>(stage: JoinHandle<Result<T, StageFailure>>) -> Result<T, StageFailure> {
    stage.join().unwrap_or_else(|_| {
        let message = "a stage of the artifact pipeline panicked";
        Err(Error::run("internal", message).into())
    })
}

fn measure(mut inlet: Inlet, mut outlet: Outlet) -> Result<Measured, StageFailure> {
    let mut meter = DigestMeter::default();
    while let Some(bytes) = inlet.next()? {
        meter.add(&bytes);
        outlet.send(bytes)?;
    }
    outlet.end()?;
    Ok(meter.done())
}

fn write_spool(mut inlet: Inlet, mut spool: Spool) -> Result<Spool, StageFailure> {
    while let Some(bytes) = inlet.next()? {
        spool.write(&bytes)?;
        inlet.give_back(bytes);
    }
    spool.sync()?;
    Ok(spool)
}
