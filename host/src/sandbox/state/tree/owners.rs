//! Owners that cannot be set: counted, and told in the end.

use std::os::fd::AsFd;

use rustix::fs::{Gid, Uid, fchown, fstat};
use rustix::io::{Errno, Result as IoResult};
use rustix::process::geteuid;

use super::name::Name;
use crate::error::{Error, Result};
use crate::sandbox::bindings::restorer::sidecar::strategy::target::Node;

/// Bits that run a file with the rights of its owner.
pub(super) const SET_ID: u32 = 0o6000;

/// Entries that belong to another user than in the backup.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct LostOwners {
    entries: u64,
    first: Option<String>,
    /// Those among them that are not run with their owner's rights any more.
    set_id: u64,
    /// Whether the operator accepts it even where it is root who may not set them.
    accepted: bool,
}

impl LostOwners {
    pub(super) fn new(accepted: bool) -> Self {
        Self {
            accepted,
            ..Self::default()
        }
    }

    /// Notes that `node` has another owner. For root, that is no matter of course.
    pub(super) fn note(&mut self, name: &Name, node: &Node) -> Result<()> {
        if geteuid().is_root() && !self.accepted {
            return Err(Error::run(
                "owner-not-set",
                format!(
                    "the owner of {name}, {}:{}, cannot be set here, although the sidecar runs as root",
                    node.uid, node.gid
                ),
            )
            .hint("give it the capability CAP_CHOWN, or a volume that keeps owners; to restore without them, --accept owners"));
        }
        self.entries += 1;
        self.first.get_or_insert_with(|| name.to_string());
        self.set_id += u64::from(node.mode & SET_ID != 0);
        Ok(())
    }

    /// What the operator is told.
    pub(in crate::sandbox) fn told(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        let user = geteuid().as_raw();
        let of_root = match user {
            0 => "",
            _ => ", for only root may give files away",
        };
        let set_id = match self.set_id {
            0 => String::new(),
            some => format!("; {some} of them lost setuid or setgid"),
        };
        Some(format!(
            "the owner of {} entries is not set, the first {first}: they belong to user {user}{of_root}{set_id}",
            self.entries
        ))
    }
}

/// Sets the owner; whether that was permitted, or needless.
pub(super) fn own(open: impl AsFd, node: &Node) -> IoResult<bool> {
    let (uid, gid) = (Uid::from_raw(node.uid), Gid::from_raw(node.gid));
    match fchown(&open, Some(uid), Some(gid)) {
        Ok(()) => Ok(true),
        Err(Errno::PERM | Errno::INVAL) => {
            let facts = fstat(open)?;
            Ok((facts.st_uid, facts.st_gid) == (node.uid, node.gid))
        }
        Err(error) => Err(error),
    }
}
