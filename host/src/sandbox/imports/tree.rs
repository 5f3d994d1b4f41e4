//! Interface `tree`: the run as a tree of files in a repository.

use rustix::fs::{FileType, OFlags, fstat, readlinkat};

use crate::artifact::Omission;
use crate::artifact::file_tree::{self, NewEntry};
use crate::error::{Error, Result};
use crate::paths::{Attribute, attributes_of_path, failed, path_of};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::bindings::tree_maker::sidecar::strategy::tree::{Host, LateFailure};
use crate::sandbox::state::{State, in_preflight};

impl Host for State {
    fn wanted(&mut self) -> wasmtime::Result<bool> {
        Ok(self.tree.is_some())
    }

    async fn add(
        &mut self,
        name: Vec<u8>,
        path: Vec<u8>,
        follow: bool,
    ) -> wasmtime::Result<Result<(), Failure>> {
        if let Err(error) = self.require_tree() {
            return self.answer(Err(error));
        }
        // What cannot be opened is the module's to judge.
        let entry = match self.look_at(name, path, follow) {
            Ok(entry) => entry,
            Err(error) => return Ok(Err(error.into())),
        };
        let added = match &mut self.tree {
            Some(tree) => tree.add(entry).await,
            None => Err(no_tree()),
        };
        self.answer(added)
    }

    fn late_failures(&mut self) -> wasmtime::Result<Vec<LateFailure>> {
        let tree = self.tree.as_ref();
        Ok(shown(
            tree.map(|tree| tree.late_failures()).unwrap_or_default(),
        ))
    }

    async fn finish(&mut self) -> wasmtime::Result<Result<Vec<LateFailure>, Failure>> {
        let finished = match (self.require_tree(), &mut self.tree) {
            (Ok(()), Some(tree)) => tree.finish().await,
            (Ok(()), None) => Err(no_tree()),
            (Err(error), _) => Err(error),
        };
        self.answer(finished.map(shown))
    }
}

impl State {
    /// Fails where nothing takes files, and once the artifact was begun.
    fn require_tree(&mut self) -> Result<()> {
        if self.looks_only {
            return Err(in_preflight());
        }
        if self.tree.is_none() {
            return Err(no_tree());
        }
        match self.artifact()?.position() {
            0 => Ok(()),
            _ => Err(Error::run(
                "artifact-begun",
                "the module writes an artifact: it makes no tree as well",
            )),
        }
    }

    /// Opens what stands at `path`, without reading it.
    fn look_at(&mut self, name: Vec<u8>, path: Vec<u8>, follow: bool) -> Result<NewEntry> {
        let at = path_of(&path);
        let place = self.access.open(at, follow, OFlags::PATH)?;
        let facts = fstat(&place).map_err(|error| failed("inspect", at, error))?;
        let link = match FileType::from_raw_mode(facts.st_mode) {
            FileType::Symlink => {
                let link = readlinkat(&place, c"", Vec::new());
                Some(
                    link.map_err(|error| failed("read", at, error))?
                        .into_bytes(),
                )
            }
            _ => None,
        };
        let found = attributes_of_path(&place);
        let found = found.map_err(|error| failed("read the extended attributes of", at, error))?;
        let attributes = found
            .into_iter()
            .filter(|attribute| !is_label(&attribute.name))
            .filter_map(|attribute| self.named(&path, attribute))
            .collect();
        Ok(NewEntry {
            name,
            path,
            place,
            facts,
            link,
            attributes,
        })
    }

    /// In a repository, the name of an attribute is text.
    fn named(&mut self, path: &[u8], attribute: Attribute) -> Option<(String, Vec<u8>)> {
        match String::from_utf8(attribute.name) {
            Ok(name) => Some((name, attribute.value)),
            Err(error) => {
                let name = error.as_bytes().escape_ascii();
                let what = format!("the attribute {name} of {}", path.escape_ascii());
                let message = "its name is not UTF-8, which a repository cannot hold";
                self.omissions
                    .add(Omission::new(&what, "not-supported", message));
                None
            }
        }
    }
}

/// Labels of SELinux, IMA and their like belong to a machine's policy: elsewhere they do harm.
fn is_label(name: &[u8]) -> bool {
    name.starts_with(b"security.") && name != b"security.capability"
}

fn shown(late: Vec<file_tree::LateFailure>) -> Vec<LateFailure> {
    let shown = |late: file_tree::LateFailure| LateFailure {
        path: late.path,
        failure: late.error.into(),
    };
    late.into_iter().map(shown).collect()
}

fn no_tree() -> Error {
    Error::run("no-tree", "nothing takes a tree of files")
        .hint("a module asks `tree.wanted` first, and writes an artifact where it is not")
}
