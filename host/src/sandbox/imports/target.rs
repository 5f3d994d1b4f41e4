//! Interface `target`: the directory that files are restored into.

use crate::artifact::Fetched;
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::paths::Attribute;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::{Content, Host, Node};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::{
    Body, RefusedAttribute, Restoring, State, TargetDirectory, TargetEntry, Tree, no_restore,
};

impl Host for State {
    fn make_file(&mut self, node: Node, content: Content) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_file(&node, &content, &[]);
        self.answer(made.map(drop))
    }

    fn make_directory(&mut self, node: Node) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(&node.name.clone(), TargetEntry::Directory, |tree, _, _| {
            tree.directory(node, Vec::new())
        });
        self.answer(made.map(drop))
    }

    fn make_symlink(&mut self, node: Node, text: Vec<u8>) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(&node.name, TargetEntry::Other, |tree, _, _| {
            tree.symlink(&node, &text, &[])
        });
        self.answer(made.map(drop))
    }

    fn make_hard_link(
        &mut self,
        name: Vec<u8>,
        existing: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(&name, TargetEntry::Other, |tree, _, _| {
            tree.hard_link(&name, &existing)
        });
        self.answer(made)
    }

    fn make_fifo(&mut self, node: Node) -> wasmtime::Result<Result<(), Failure>> {
        let made = self.restore_to(&node.name, TargetEntry::Other, |tree, _, _| {
            tree.fifo(&node, &[])
        });
        self.answer(made.map(drop))
    }
}

impl State {
    pub(super) fn restore_file(
        &mut self,
        node: &Node,
        content: &Content,
        attributes: &[Attribute],
    ) -> Result<Vec<RefusedAttribute>> {
        self.restore_to(&node.name, TargetEntry::Other, |tree, source, cancel| {
            let body = Body {
                range: source.range(content.offset, content.length)?,
                size: content.size,
                method: &content.method,
                crc32: content.crc32,
            };
            tree.file(node, attributes, body, cancel)
        })
    }

    /// Fails if the volume of the directory has no room for so much.
    pub(super) fn expect_room(&self, entries: u64, bytes: u64) -> Result<()> {
        let restoring = self.restoring.as_ref().ok_or_else(no_restore)?;
        match restoring.target.as_ref().ok_or_else(no_directory)? {
            TargetDirectory::Tree(tree) => tree.expect(entries, bytes),
            TargetDirectory::View(view) => view.expect(entries, bytes),
        }
    }

    /// Makes what is called `name`; where it is only looked at the directory, fails if that could not be made.
    pub(super) fn restore_to<T: Default>(
        &mut self,
        name: &[u8],
        made: TargetEntry,
        make: impl FnOnce(&mut Tree, &Fetched, &Cancel) -> Result<T>,
    ) -> Result<T> {
        let Restoring { source, target } = self.restoring.as_mut().ok_or_else(no_restore)?;
        match target.as_mut().ok_or_else(no_directory)? {
            TargetDirectory::Tree(tree) => make(tree, source, &self.cancel),
            TargetDirectory::View(view) => view.require_free(name, made).map(|()| T::default()),
        }
    }
}

fn no_directory() -> Error {
    Error::run(
        "not-granted",
        "the approved plan has no directory to restore into",
    )
    .hint("the module must name it in its plan-restore")
}
