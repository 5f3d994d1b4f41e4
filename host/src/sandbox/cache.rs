//! Compiled code between two starts: a Python module takes seconds to compile and milliseconds to
//! load. The folder is as trusted as this program, so it is private to it and never one that a
//! module may write.

use std::fs::{self, DirBuilder, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::fs_atomic::AtomicFile;
use crate::paths::by_descriptor;

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
        let component = load_code(engine, &file);
        component
            .inspect_err(|error| tracing::debug!(%error, "compiled code cannot be used"))
            .ok()
    }

    /// Saves compiled code for the next start. Failing to is no harm but the time it takes again.
    pub(super) fn store(&self, component: &Component, module: Digest) {
        if let Err(error) = self.try_store(component, module) {
            tracing::debug!(folder = %self.folder.display(), %error, "compiled code is not cached");
        }
    }

    fn try_store(&self, component: &Component, module: Digest) -> Result<()> {
        let failed = |doing: &str, error| Error::io(doing, &self.folder, error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| failed("create", error))?;
        // What others could write may hold what they wrote: closing it now would make that ours.
        let open = fs::symlink_metadata(&self.folder)
            .map_err(|error| failed("inspect", error))?
            .permissions()
            .mode()
            & 0o022;
        if open != 0 {
            tracing::warn!(
                folder = %self.folder.display(),
                "compiled modules are not cached: others may write to that folder; empty it and set its mode to 0700"
            );
            return Ok(());
        }
        fs::set_permissions(&self.folder, Permissions::from_mode(0o700))
            .map_err(|error| failed("protect", error))?;
        let code = component.serialize().map_err(|error| {
            Error::run("internal", format!("it cannot be serialised: {error:#}"))
        })?;
        let path = self.entry(module);
        let temporary = path.with_extension(std::process::id().to_string());
        let mut file = AtomicFile::create_as(temporary, &path, 0o600)?;
        file.write(&code)?;
        file.write(seal(Digest::of_bytes(&code)).as_bytes())?;
        Ok(file.commit()?)
    }
}

/// Loads code that this program has compiled: what the cache sealed, or what its own compiler has just written into
/// a file without a name.
pub(super) fn load_code(engine: &Engine, file: &File) -> wasmtime::Result<Component> {
    // SAFETY: Wasmtime runs this file as it is. It was written by `store` into a folder that only this user can write,
    // and its hash has just been compared; or by `compiler.rs`. It is mapped, not read: the code of a Python module has
    // 35 MB.
    #[allow(unsafe_code, reason = "the only way to load compiled code")]
    unsafe {
        Component::deserialize_file(engine, by_descriptor(file))
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

/// Whether the folder is ours and no other user can write it.
fn is_private(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|facts| {
        facts.is_dir()
            && facts.uid() == rustix::process::geteuid().as_raw()
            && facts.permissions().mode() & 0o077 == 0
    })
}
