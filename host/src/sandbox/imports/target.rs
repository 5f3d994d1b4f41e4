//! Interface `target`: the directory that files are restored into.

use super::source::no_restore;
use super::tree::{Body, Tree};
use crate::artifact::Fetched;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::sandbox::bindings::sidecar::strategy::types::Failure;
use crate::sandbox::restore::Restoring;
use crate::sandbox::restorer::sidecar::strategy::target::{Content, Host, Node};
use crate::sandbox::run::State;

impl Host for State {
    fn make_file(&mut self, node: Node, content: Content) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(|tree, source, cancel| {
            let body = Body {
                piece: source.range(content.offset, content.length)?,
                size: content.size,
                method: &content.method,
                crc32: content.crc32,
            };
            tree.file(&node, body, cancel)
        });
        self.settle(made)
    }

    fn make_directory(&mut self, node: Node) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(|tree, _, _| tree.directory(node));
        self.settle(made)
    }

    fn make_symlink(&mut self, node: Node, text: Vec<u8>) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(|tree, _, _| tree.symlink(&node, &text));
        self.settle(made)
    }

    fn make_hard_link(
        &mut self,
        name: Vec<u8>,
        existing: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(|tree, _, _| tree.hard_link(&name, &existing));
        self.settle(made)
    }

    fn make_fifo(&mut self, node: Node) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(|tree, _, _| tree.fifo(&node));
        self.settle(made)
    }
}

impl State {
    fn restore_to(
        &mut self,
        make: impl FnOnce(&mut Tree, &Fetched, &Cancel) -> Result<()>,
    ) -> Result<()> {
        let Restoring { source, target } = self.restoring.as_mut().ok_or_else(no_restore)?;
        let tree = target.as_mut().ok_or_else(no_directory)?;
        make(tree, source, &self.cancel)
    }
}

fn no_directory() -> Error {
    Error::run(
        "not-granted",
        "the approved plan has no directory to restore into",
    )
    .hint("the module must name it in its plan-restore")
}
