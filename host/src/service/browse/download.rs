//! Parts or files of a backup on their way to a client, or into a file.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::selected::Selected;
use super::selected_reader::{SelectedHead, TakeSelected, read};
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::service::context::Context;
use crate::service::restore::{self, FoundBackup};
use crate::service::runs::Order;

/// What is selected of a backup, on its way to a client.
pub struct SelectedStream {
    /// The backup's id.
    pub backup: String,
    /// What the bytes are.
    pub head: SelectedHead,
    pieces: Receiver<Result<Bytes>>,
}

impl SelectedStream {
    /// The next piece; none once all were handed out, and are what was backed up.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        self.pieces.recv().await
    }
}

/// Starts to read what is called `names`. Its last piece comes only when all of it is what was backed up.
pub(in crate::service) fn stream(
    context: &Context,
    which: &str,
    names: &[String],
    accept: &[String],
) -> Result<SelectedStream> {
    let (found, selected) = find(context, which, names, accept)?;
    let source = restore::raw_bytes(context, &found)?;
    let (heads, head) = mpsc::channel();
    let (sender, pieces) = channel(1);
    let manifest = found.manifest;
    let backup = manifest.id.clone();
    let work = move || {
        let mut client = Client {
            heads: Some(heads),
            sender,
        };
        let ended = read(source, &manifest, &selected, &mut client);
        ended.unwrap_or_else(|error| client.fail(error));
    };
    let thread = thread::Builder::new()
        .name("download".to_owned())
        .spawn(work);
    thread.map_err(|error| Error::run("no-thread", format!("cannot read the backup: {error}")))?;
    let ended_early = |_| Error::run("internal", "a reader ended early");
    Ok(SelectedStream {
        backup,
        head: head.recv().map_err(ended_early)??,
        pieces,
    })
}

/// Brings what is called `names` into a file that appears only when it is whole and unaltered.
pub(in crate::service) fn fetch(
    context: &Context,
    which: &str,
    names: &[String],
    to: &Path,
    accept: &[String],
) -> Result<SelectedHead> {
    let (found, selected) = find(context, which, names, accept)?;
    let source = restore::raw_bytes(context, &found)?;
    let partial = to.with_file_name(format!(".sidecar-part-{}", uuid::Uuid::now_v7()));
    let failed = |error| Error::io("write", to, error);
    let mut file = FileOutput {
        file: File::create_new(&partial).map_err(failed)?,
        path: to,
        head: None,
    };
    let written = read(source, &found.manifest, &selected, &mut file)
        .and_then(|()| file.file.sync_all().map_err(failed))
        .and_then(|()| Ok(fs_atomic::rename(&partial, to)?));
    if written.is_err() {
        // What came of it is no part.
        let _ = std::fs::remove_file(&partial);
    }
    written?;
    file.head
        .ok_or_else(|| Error::run("internal", "nothing was read"))
}

fn find(
    context: &Context,
    which: &str,
    names: &[String],
    accept: &[String],
) -> Result<(FoundBackup, Selected)> {
    let order = Order {
        accept: accept.to_vec(),
        ..Order::all_of(which)
    };
    let found = restore::find(context, &order)?;
    let selected = Selected::of(&found.manifest, names)?;
    Ok((found, selected))
}

/// A client that waits.
struct Client {
    /// Until it has learned what the bytes are.
    heads: Option<mpsc::Sender<Result<SelectedHead>>>,
    sender: Sender<Result<Bytes>>,
}

impl Client {
    fn fail(&mut self, error: Error) {
        // The client may have gone.
        let _ = match self.heads.take() {
            Some(heads) => heads.send(Err(error)).is_ok(),
            None => {
                tracing::error!("a download cannot be sent to its end: {error}");
                self.sender.blocking_send(Err(error)).is_ok()
            }
        };
    }
}

impl TakeSelected for Client {
    fn begin(&mut self, head: SelectedHead) -> Result<()> {
        let sent = self.heads.take().map(|heads| heads.send(Ok(head)));
        sent.transpose().map(drop).map_err(|_| client_gone())
    }

    fn take(&mut self, bytes: Bytes) -> Result<()> {
        let sent = self.sender.blocking_send(Ok(bytes));
        sent.map_err(|_| client_gone())
    }
}

struct FileOutput<'p> {
    file: File,
    path: &'p Path,
    head: Option<SelectedHead>,
}

impl TakeSelected for FileOutput<'_> {
    fn begin(&mut self, head: SelectedHead) -> Result<()> {
        self.head = Some(head);
        Ok(())
    }

    fn take(&mut self, bytes: Bytes) -> Result<()> {
        let written = self.file.write_all(&bytes);
        written.map_err(|error| Error::io("write", self.path, error))
    }
}

fn client_gone() -> Error {
    Error::run("client-gone", "the client has gone")
}
