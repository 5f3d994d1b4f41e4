//! One part of a backup, such as a database: only its bytes are read from the store, and compared.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::thread;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::artifact::archive::ArchiveSource;
use crate::artifact::{Part, manifest, read_error};
use crate::error::{Error, Kind, Result};
use crate::fs_atomic;
use crate::service::context::Context;
use crate::service::restore::{self, FoundBackup};
use crate::service::runs::Order;

/// Bytes that are read at once.
const CHUNK_SIZE: usize = 256 << 10;

/// The bytes of a part on their way to a client.
pub struct PartStream {
    /// The backup's id.
    pub backup: String,
    /// Which part of it.
    pub part: Part,
    pieces: Receiver<Result<Bytes>>,
}

impl PartStream {
    /// The next piece; none once all were handed out, and are what was backed up.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        self.pieces.recv().await
    }
}

/// Starts to read the part `name`. Its last piece comes only when all of it is what the manifest says.
pub(in crate::service) fn stream(
    context: &Context,
    which: &str,
    name: &str,
    accept: &[String],
) -> Result<PartStream> {
    let (found, part) = find(context, which, name, accept)?;
    let source = restore::raw_bytes(context, &found)?;
    let (sender, pieces) = channel(1);
    let (backup, read) = (found.manifest.id.clone(), part.clone());
    let work = move || {
        let ended = read_part(source, &read, |piece| send(&sender, Ok(piece)));
        if let Err(error) = ended {
            tracing::error!(
                part = read.name,
                "a part cannot be sent to its end: {error}"
            );
            // The client may have gone.
            let _ = sender.blocking_send(Err(error));
        }
    };
    let thread = thread::Builder::new().name("part".to_owned()).spawn(work);
    thread.map_err(|error| Error::run("no-thread", format!("cannot read the part: {error}")))?;
    Ok(PartStream {
        backup,
        part,
        pieces,
    })
}

/// Brings the part `name` into a file that appears only when it is whole and unaltered.
pub(in crate::service) fn fetch(
    context: &Context,
    which: &str,
    name: &str,
    to: &Path,
    accept: &[String],
) -> Result<Part> {
    let (found, part) = find(context, which, name, accept)?;
    let source = restore::raw_bytes(context, &found)?;
    let partial = to.with_file_name(format!(".sidecar-part-{}", uuid::Uuid::now_v7()));
    let written = write(source, &part, &partial);
    let done = written.and_then(|()| Ok(fs_atomic::rename(&partial, to)?));
    if done.is_err() {
        // What came of it is no part.
        let _ = std::fs::remove_file(&partial);
    }
    done.map(|()| part)
}

fn write(source: ArchiveSource, part: &Part, to: &Path) -> Result<()> {
    let failed = |error| Error::io("write", to, error);
    let mut file = File::create_new(to).map_err(failed)?;
    read_part(source, part, |piece| file.write_all(&piece).map_err(failed))?;
    file.sync_all().map_err(failed)
}

fn find(
    context: &Context,
    which: &str,
    name: &str,
    accept: &[String],
) -> Result<(FoundBackup, Part)> {
    let order = Order {
        accept: accept.to_vec(),
        ..Order::all_of(which)
    };
    let found = restore::find(context, &order)?;
    let part = found.manifest.parts.iter().find(|part| part.name == name);
    let part = part.cloned().ok_or_else(|| no_such_part(&found, name))?;
    Ok((found, part))
}

/// Hands out the bytes of a part, the last of them once all are known to be right.
fn read_part(
    mut source: ArchiveSource,
    part: &Part,
    mut take: impl FnMut(Bytes) -> Result<()>,
) -> Result<()> {
    source.skip(part.offset).map_err(cut_off)?;
    let mut hash = Sha256::new();
    let mut waiting: Option<Bytes> = None;
    let mut left = part.length;
    while left > 0 {
        let mut piece = vec![0; CHUNK_SIZE.min(usize::try_from(left).unwrap_or(CHUNK_SIZE))];
        source.read_exact(&mut piece).map_err(cut_off)?;
        hash.update(&piece);
        left -= piece.len() as u64;
        if let Some(earlier) = waiting.replace(piece.into()) {
            take(earlier)?;
        }
    }
    let sha256 = manifest::Sha256::of(hash);
    if part
        .sha256
        .as_ref()
        .is_some_and(|expected| *expected != sha256)
    {
        return Err(altered(part));
    }
    waiting.map_or(Ok(()), take)
}

fn send(sender: &Sender<Result<Bytes>>, piece: Result<Bytes>) -> Result<()> {
    let sent = sender.blocking_send(piece);
    sent.map_err(|_| Error::run("client-gone", "the client has gone"))
}

fn cut_off(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::new(
            Kind::Verification,
            "altered",
            "the backup ends before its part does",
        ),
        _ => read_error(error),
    }
}

fn altered(part: &Part) -> Error {
    let message = format!("the part {} is not what was written", part.name);
    Error::new(Kind::Verification, "altered", message)
        .hint("take another backup (`sidecar list`), and find out what altered this one")
}

fn no_such_part(found: &FoundBackup, name: &str) -> Error {
    let message = format!("the backup {} has no part `{name}`", found.manifest.id);
    Error::new(Kind::NotFound, "no-such-part", message)
        .hint("`sidecar contents ID` shows what is in it; files of an archive are restored with --only, not fetched")
}
