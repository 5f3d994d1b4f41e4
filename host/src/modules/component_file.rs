//! A component's file, and the signature beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::signature;
use super::write_file::write_file;
use crate::config::ModuleSpec;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::sandbox::read_component;

/// A component that has not been checked yet.
#[derive(Debug, Clone)]
pub(super) struct ComponentFile {
    /// The component's bytes.
    pub wasm: Vec<u8>,
    /// The text of minisign's signature.
    pub signature: Option<String>,
}

impl ComponentFile {
    /// Reads a file, and `FILE.minisig` if it is there.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let wasm = read_component(file)?;
        let signature = match fs::read_to_string(signature_of(file)) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { wasm, signature })
    }

    /// Writes the signature, then the file: each appears whole.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        if let Some(signature) = &self.signature {
            write_file(&signature_of(file), signature.as_bytes())?;
        }
        write_file(file, &self.wasm)
    }

    /// Of the component.
    pub(super) fn digest(&self) -> Digest {
        Digest::of_bytes(&self.wasm)
    }

    /// Fails for a component that is not what the configuration pins: by its digest, by its maker's key.
    pub(super) fn verify(&self, name: &str, spec: &ModuleSpec) -> Result<()> {
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
            Some(key) => signature::verify(name, &self.wasm, self.signature.as_deref(), key),
            None => Ok(()),
        }
    }
}

/// `hello.wasm` → `hello.wasm.minisig`, as minisign names it.
fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}
