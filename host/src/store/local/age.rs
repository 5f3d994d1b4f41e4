//! How old a file is by the clock of the file system: on a network, that of the server.

use std::fs::{self, File};
use std::io::{self, Write};
use std::time::Duration;

use uuid::Uuid;

use super::folder::{Folder, create_parent};
use crate::store::keys;

/// How long ago a file was written, against one that is written now; none if it is not there, or seems
/// to be from the future.
pub(super) fn age(folder: &Folder, key: &str) -> io::Result<Option<Duration>> {
    let probe = folder.path(&format!("{}probe/{}", keys::PRIVATE, Uuid::now_v7()))?;
    create_parent(&probe)?;
    let mut file = File::create_new(&probe)?;
    let now = file
        .write_all(b"now")
        .and_then(|()| file.metadata()?.modified());
    fs::remove_file(&probe)?;
    match fs::metadata(folder.path(key)?) {
        Ok(found) => Ok(now?.duration_since(found.modified()?).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
