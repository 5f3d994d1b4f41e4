//! The bytes of a run as files of known size, while it still writes them.
//!
//! `rustic_core` gives a file that it reads from a stream the size 0, and restic restores that as an empty
//! one. It also asks for the next file before it has read the last one. So the stretches of the spool are
//! cut into files as soon as they are there, and each is whole when it is offered. They are read from the
//! spool: nothing of them is held in memory.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use rustic_core::repofile::{Metadata, Node, NodeType};
use rustic_core::{ReadSource, ReadSourceEntry, RusticResult};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::cut::Cutter;
use super::gate::VerdictGate;
use super::section_names;
use crate::artifact::SpoolReader;
use crate::error::{Error, Result};

/// Bytes that are looked at at once.
const CHUNK_SIZE: usize = 256 << 10;

/// What `rustic_core` archives.
pub(super) struct Pieces(Mutex<Option<PieceIterator>>);

/// Hands out the pieces in order.
pub(super) struct PieceIterator {
    source: SpoolReader,
    /// Bytes of the artifact, once the run has ended well. Closed without: it has failed.
    total: watch::Receiver<Option<u64>>,
    driver: Handle,
    gate: Arc<VerdictGate>,
    /// The folder of all.
    root: String,
    /// What every file is dated with.
    time: Timestamp,
    position: u64,
    section: Option<Section>,
    /// Whether the source may still grow.
    grows: bool,
    ended: bool,
}

/// The part, or the gap between two, whose pieces are handed out.
struct Section {
    number: u32,
    /// Where it begins.
    offset: u64,
    name: Option<String>,
    /// Of its next piece.
    piece: u32,
}

impl Pieces {
    /// Those of `source`, of which `total` says how many bytes count.
    pub(super) fn new(
        source: SpoolReader,
        total: watch::Receiver<Option<u64>>,
        driver: &Handle,
        gate: &Arc<VerdictGate>,
        root: &str,
        time: Timestamp,
    ) -> Self {
        Self(Mutex::new(Some(PieceIterator {
            source,
            total,
            driver: driver.clone(),
            gate: gate.clone(),
            root: root.to_owned(),
            time,
            position: 0,
            section: None,
            grows: true,
            ended: false,
        })))
    }
}

impl ReadSource for Pieces {
    type Open = PieceReader;
    type Iter = std::iter::Flatten<std::option::IntoIter<PieceIterator>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    /// They can be had once.
    fn entries(&self) -> Self::Iter {
        self.0.lock().take().into_iter().flatten()
    }
}

impl Iterator for PieceIterator {
    type Item = RusticResult<ReadSourceEntry<PieceReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.piece() {
            Ok(Some(entry)) => Some(Ok(entry)),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) => {
                // The library would only log it.
                self.gate.fail(error);
                self.ended = true;
                None
            }
        }
    }
}

impl PieceIterator {
    /// The next piece; none at the good end.
    fn piece(&mut self) -> Result<Option<ReadSourceEntry<PieceReader>>> {
        let start = self.position;
        let (mut known, mut complete) = self.wait_beyond(start)?;
        if known == start {
            return Ok(None);
        }
        let file = self.source.file();
        let mut cutter = Cutter::default();
        let mut buffer = vec![0; CHUNK_SIZE];
        loop {
            // A border is known before what lies behind it.
            let (_, border) = self.source.borders().at(start);
            let until = border.map_or(known, |border| border.min(known));
            let at = start + cutter.length();
            if at < until {
                let wanted = (until - at).min(CHUNK_SIZE as u64) as usize;
                let read = file.read_at(&mut buffer[..wanted], at);
                let read = read.map_err(|error| unreadable(&error))?;
                if read == 0 {
                    return Err(unreadable(&io::ErrorKind::UnexpectedEof.into()));
                }
                if cutter.take(&buffer[..read]).is_some() {
                    break;
                }
            } else if border == Some(at) || complete {
                break;
            } else {
                (known, complete) = self.wait_beyond(at)?;
            }
        }
        self.position = start + cutter.length();
        Ok(Some(self.entry(start, cutter.length(), file)))
    }

    /// Waits until more than `position` bytes are there, or all. Returns how many, and whether that is all.
    fn wait_beyond(&mut self, position: u64) -> Result<(u64, bool)> {
        let Self {
            source,
            total,
            driver,
            gate,
            grows,
            ..
        } = self;
        driver.block_on(async {
            loop {
                gate.require_not_failed()?;
                if let Some(total) = *total.borrow_and_update() {
                    return Ok((total, true));
                }
                let written = source.written();
                if written > position {
                    return Ok((written, false));
                }
                tokio::select! {
                    more = source.beyond(position), if *grows => *grows = more.is_some(),
                    known = total.changed() => known.map_err(|_| abandoned())?,
                    () = gate.failed() => {}
                }
            }
        })
    }

    fn entry(&mut self, start: u64, size: u64, file: Arc<File>) -> ReadSourceEntry<PieceReader> {
        let (within, _) = self.source.borders().at(start);
        let section = match self.section.take() {
            Some(section) if section.offset == within.offset => section,
            before => Section {
                number: before.map_or(0, |before| before.number + 1),
                offset: within.offset,
                name: within.name,
                piece: 0,
            },
        };
        let name = section.name.as_deref();
        let path = section_names::path(&self.root, section.number, name, section.piece);
        self.section = Some(Section {
            piece: section.piece + 1,
            ..section
        });
        let node = Node::new_node(
            path.file_name().unwrap_or_default(),
            NodeType::File,
            self.metadata(size),
        );
        ReadSourceEntry {
            path,
            node,
            open: Some(PieceReader {
                file,
                position: start,
                left: size,
                gate: self.gate.clone(),
            }),
        }
    }

    fn metadata(&self, size: u64) -> Metadata {
        let time = Some(self.time);
        Metadata {
            mode: Some(0o600),
            mtime: time,
            atime: time,
            ctime: time,
            uid: Some(rustix::process::geteuid().as_raw()),
            gid: Some(rustix::process::getegid().as_raw()),
            size,
            links: 1,
            ..Metadata::default()
        }
    }
}

/// One piece, read from the spool. A byte of it that cannot be read fails the run: the library would save
/// the snapshot without the file.
pub(super) struct PieceReader {
    file: Arc<File>,
    position: u64,
    left: u64,
    gate: Arc<VerdictGate>,
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.left.min(buffer.len() as u64) as usize;
        if most == 0 {
            return Ok(0);
        }
        let read = self.gate.require_not_failed().map_err(io::Error::other);
        let read =
            read.and_then(
                |()| match self.file.read_at(&mut buffer[..most], self.position) {
                    Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                    read => read,
                },
            );
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.gate.fail(unreadable(error));
        }
        let read = read?;
        self.position += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::run(
        "io",
        format!("cannot read the artifact that was made: {error}"),
    )
}

/// The run has failed, or was given up.
pub(super) fn abandoned() -> Error {
    Error::run("abandoned", "the run ended without an artifact")
}
