//! Why a file system did not do it, in the operator's words.

use std::io;

use super::folder::Folder;
use crate::error::Error;
use crate::fs_atomic::lack_of_room;
use crate::store::error::{Explanation, StoreFailure, StoreOperation};

impl Folder {
    /// `cannot write /backups/daily/x.dump to store "local": no space is left`
    pub(super) fn failed(&self, operation: StoreOperation, key: &str, error: io::Error) -> Error {
        self.failed_to_take(0, operation, key, error)
    }

    /// The same of so many bytes.
    pub(super) fn failed_to_take(
        &self,
        bytes: u64,
        operation: StoreOperation,
        key: &str,
        error: io::Error,
    ) -> Error {
        let explained = self.explain(operation, bytes, &error);
        explained.into_error(
            operation,
            &self.shown(key),
            &self.store,
            Some(Box::new(error)),
        )
    }

    fn explain(&self, operation: StoreOperation, bytes: u64, error: &io::Error) -> Explanation {
        let text = error.to_string();
        let reason = text.split(" (os error").next().unwrap_or_default();
        if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
            let hint = "look after the disk, and take another backup (`sidecar list`)";
            return Explanation::new(StoreFailure::Unreadable, reason, hint);
        }
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                let (root, user) = (self.root.display(), rustix::process::geteuid().as_raw());
                let hint = format!("make {root} accessible to uid {user}, or mount it writable");
                Explanation::new(StoreFailure::Denied(operation), reason, hint)
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Explanation::new(
                StoreFailure::Full,
                match lack_of_room(&self.root, bytes, error) {
                    Some(lack) => lack.message().to_owned(),
                    None if bytes > 0 => format!("{reason} for {bytes} bytes"),
                    None => reason.to_owned(),
                },
                "free space in the store, shorten `retention`, or make the volume larger",
            ),
            io::ErrorKind::TimedOut => Explanation::new(
                StoreFailure::TimedOut,
                reason,
                "let it go on (`kill -CONT`), or end it",
            ),
            io::ErrorKind::NotFound => Explanation::missing(),
            _ => Explanation::new(
                StoreFailure::Other,
                reason,
                "see whether the volume is still mounted and healthy",
            ),
        }
    }
}
