//! A disk that takes its time: a FIFO that is read in small pieces.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::artifact::Spool;
use crate::error::{Error, Result};

/// What the disk takes at once.
const CHUNK_SIZE: usize = 64 << 10;
/// The pause after each chunk.
const PAUSE: Duration = Duration::from_millis(2);

/// The reading end: a thread that reads until the artifact's writer is gone.
pub(super) struct SlowDisk(Option<JoinHandle<()>>);

impl SlowDisk {
    /// A spool that writes to this FIFO, and its reader.
    pub(super) fn start(fifo: &Path) -> Result<(Spool, Self)> {
        let file = open(fifo)?;
        // Opened before the thread reads: a FIFO without a writer reads as its end.
        let spool = Spool::elsewhere(fifo)?;
        Ok((spool, Self(Some(spawn(file)?))))
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

/// Opens without waiting for a writer.
fn open(fifo: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(fifo)
        .map_err(|error| Error::io("open", fifo, error))?;
    rustix::fs::fcntl_setfl(&file, OFlags::empty())
        .map_err(|error| Error::io("open", fifo, error.into()))?;
    Ok(file)
}

fn spawn(mut file: File) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("slow-disk".to_owned())
        .spawn(move || {
            let mut chunk = vec![0; CHUNK_SIZE];
            while file.read(&mut chunk).is_ok_and(|read| read > 0) {
                std::thread::sleep(PAUSE);
            }
        })
        .map_err(|error| {
            Error::run(
                "no-thread",
                format!("cannot start the disk's thread: {error}"),
            )
        })
}
