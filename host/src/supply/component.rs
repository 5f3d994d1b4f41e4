//! A component as it came: bytes, and the signature beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::signature;
use crate::artifact::Digest;
use crate::config::ModuleSpec;
use crate::error::{Error, Kind, Result};

/// A component that nobody has looked into yet.
#[derive(Debug, Clone)]
pub struct Component {
    /// The file.
    pub wasm: Vec<u8>,
    /// What minisign says of it.
    pub signature: Option<String>,
}

impl Component {
    /// Reads a file, and `FILE.minisig` if it is there.
    pub fn read(file: &Path) -> io::Result<Self> {
        let wasm = fs::read(file)?;
        let signature = match fs::read_to_string(signature_of(file)) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { wasm, signature })
    }

    /// Writes the file, and its signature beside it: both appear whole, under their names at last.
    pub fn write(&self, file: &Path) -> Result<()> {
        if let Some(signature) = &self.signature {
            publish(&signature_of(file), signature.as_bytes())?;
        }
        publish(file, &self.wasm)
    }

    /// Of the file.
    pub fn digest(&self) -> Digest {
        Digest::of_bytes(&self.wasm)
    }

    /// Whether it is what the configuration pins: by its digest, by its maker's key.
    pub fn verify(&self, name: &str, spec: &ModuleSpec) -> Result<()> {
        if let Some(expected) = &spec.sha256 {
            let found = self.digest().to_string();
            if *expected != found {
                return Err(Error::new(
                    Kind::Config,
                    "module-changed",
                    format!("module {name} is not the one that was pinned: expected {expected}, found {found}"),
                )
                .hint(format!("if the new file is wanted, write its digest to modules.{name}.sha256")));
            }
        }
        match &spec.signed_by {
            Some(key) => signature::verify(name, self, key),
            None => Ok(()),
        }
    }
}

/// `hello.wasm` → `hello.wasm.minisig`, as minisign names it.
pub(super) fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Writes under a temporary name, reads that again, and renames it.
pub(super) fn publish(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let partial = file.with_file_name(name);
    let written = write_through(&partial, bytes).and_then(|()| fs::rename(&partial, file));
    written.map_err(|error| {
        // It may never have come into being.
        let _ = fs::remove_file(&partial);
        Error::io("write", file, error)
    })
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    io::Seek::rewind(&mut file)?;
    match Digest::of(&mut file)? == Digest::of_bytes(bytes) {
        true => Ok(()),
        false => Err(io::Error::other(
            "the disk holds other bytes than were written",
        )),
    }
}
