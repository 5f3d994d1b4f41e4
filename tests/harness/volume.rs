//! A disk of a few megabytes.

use std::path::{Path, PathBuf};

use super::sh;

/// What a volume has none of any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    Bytes,
    Inodes,
}

/// A small ext4 in a file, unmounted with its owner.
pub(crate) struct Volume {
    path: PathBuf,
}

impl Volume {
    /// Mounts one with so many inodes at `path`, or says why that cannot be done here. `image` is where its bytes are.
    pub(crate) fn mount(path: &Path, image: &Path, inodes: u32) -> Result<Self, String> {
        std::fs::create_dir_all(path).unwrap();
        let (at, image) = (path.display(), image.display());
        let mounted = sh(&format!(
            "truncate -s 16M '{image}' && mkfs.ext4 -q -F -m 0 -N {inodes} '{image}' &&
             mount -o loop '{image}' '{at}' && rmdir '{at}/lost+found' && chmod 777 '{at}'"
        ));
        let volume = Self {
            path: path.to_owned(),
        };
        match mounted.code {
            Some(0) => Ok(volume),
            _ => Err(format!("cannot mount a volume: {}", mounted.stderr.trim())),
        }
    }

    /// Takes all that is left, until [`Volume::give_back`].
    pub(crate) fn take(&self, lack: Lack) {
        let filler = self.filler();
        let take = match lack {
            Lack::Bytes => format!("cat /dev/zero > '{filler}/zeros'"),
            Lack::Inodes => {
                format!("for i in $(seq 10000); do : > \"{filler}/$i\" || break; done")
            }
        };
        sh(&format!("mkdir '{filler}' && {take} 2>&1; sync '{filler}'"));
    }

    pub(crate) fn give_back(&self) {
        sh(&format!("rm -r '{}'", self.filler())).succeeds();
    }

    /// "ro" or "rw".
    pub(crate) fn remount(&self, how: &str) {
        sh(&format!("mount -o remount,{how} '{}'", self.path.display())).succeeds();
    }

    fn filler(&self) -> String {
        self.path.join("filler").display().to_string()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: something may still have a file open when a test fails half-way.
        sh(&format!("umount -l '{}'", self.path.display()));
    }
}
