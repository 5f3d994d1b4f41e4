//! Compiled code between two starts: a Python module takes seconds to compile and milliseconds to
//! load. The folder is as trusted as this program, so it is private to it and never one that a
//! module may write.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::imports::by_descriptor;
use crate::artifact::Digest;

/// A line feed and a hex SHA-256 behind the code.
const SEAL: u64 = 65;

pub(super) struct Cache {
    folder: PathBuf,
    compatibility: u64,
}

impl Cache {
    pub(super) fn new(folder: PathBuf, engine: &Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self {
            folder,
            compatibility: hasher.finish(),
        }
    }

    fn entry(&self, module: Digest) -> PathBuf {
        self.folder
            .join(format!("{module}-{:016x}.code", self.compatibility))
    }

    /// What was compiled before, if it is there, ours and undamaged.
    pub(super) fn load(&self, engine: &Engine, module: Digest) -> Option<Component> {
        if !is_private(&self.folder) {
            return None;
        }
        let path = self.entry(module);
        let mut file = File::open(&path).ok()?;
        if !is_whole(&mut file).unwrap_or(false) {
            tracing::warn!(path = %path.display(), "compiled code is damaged; compiling again");
            return None;
        }
        // SAFETY: Wasmtime runs this file as it is. It was written by `store` below into a folder
        // that only this user can write, and its hash has just been compared. It is mapped, not
        // read: the code of a Python module has 35 MB.
        #[allow(unsafe_code, reason = "the only way to load compiled code")]
        let component = unsafe { Component::deserialize_file(engine, by_descriptor(&file)) };
        component
            .inspect_err(|error| tracing::debug!(%error, "compiled code cannot be used"))
            .ok()
    }

    /// Keeps compiled code for the next start. Failing to is no harm but the time it takes again.
    pub(super) fn store(&self, component: &Component, module: Digest) {
        if let Err(error) = self.try_store(component, module) {
            tracing::debug!(folder = %self.folder.display(), %error, "compiled code is not kept");
        }
    }

    fn try_store(&self, component: &Component, module: Digest) -> std::io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        // What others could write may hold what they wrote: closing it now would make that ours.
        let open = fs::symlink_metadata(&self.folder)?.permissions().mode() & 0o022;
        if open != 0 {
            tracing::warn!(
                folder = %self.folder.display(),
                "compiled modules are not cached: others may write to that folder; empty it and set its mode to 0700"
            );
            return Ok(());
        }
        fs::set_permissions(&self.folder, Permissions::from_mode(0o700))?;
        let code = component.serialize().map_err(std::io::Error::other)?;
        let path = self.entry(module);
        let temporary = path.with_extension(std::process::id().to_string());
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(&code)?;
        file.write_all(seal(Digest::of_bytes(&code)).as_bytes())?;
        fs::rename(&temporary, &path)
    }
}

fn seal(code: Digest) -> String {
    format!("\n{code}")
}

/// Whether the code is what the seal says.
fn is_whole(file: &mut File) -> std::io::Result<bool> {
    let Some(length) = file.metadata()?.len().checked_sub(SEAL) else {
        return Ok(false);
    };
    let digest = Digest::of(&mut Read::take(&mut *file, length))?;
    let mut found = String::new();
    file.read_to_string(&mut found)?;
    Ok(found == seal(digest))
}

/// Whether the folder is ours and nobody else can write it.
fn is_private(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|facts| {
        facts.is_dir()
            && facts.uid() == rustix::process::geteuid().as_raw()
            && facts.permissions().mode() & 0o077 == 0
    })
}
