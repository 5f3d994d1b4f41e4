//! Interface `attributed-target`: what is restored with extended attributes.

use crate::paths::Attribute;
use crate::sandbox::bindings::attributed::sidecar::strategy::attributed_target::{Host, Refused};
use crate::sandbox::bindings::attributed::sidecar::strategy::attributes::Attribute as Named;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::{Content, Node};
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::state::{RefusedAttribute, State, TargetEntry};

type AttributedNode = wasmtime::Result<Result<Vec<Refused>, Failure>>;

impl Host for State {
    fn make_file(
        &mut self,
        node: Node,
        content: Content,
        attributes: Vec<Named>,
    ) -> AttributedNode {
        let made = self.restore_file(&node, &content, &wanted(attributes));
        self.answer(made.map(refused))
    }

    fn make_directory(&mut self, node: Node, attributes: Vec<Named>) -> AttributedNode {
        let made = self.restore_to(&node.name.clone(), TargetEntry::Directory, |tree, _, _| {
            tree.directory(node, wanted(attributes))
        });
        self.answer(made.map(refused))
    }

    fn make_symlink(
        &mut self,
        node: Node,
        text: Vec<u8>,
        attributes: Vec<Named>,
    ) -> AttributedNode {
        let made = self.restore_to(&node.name, TargetEntry::Other, |tree, _, _| {
            tree.symlink(&node, &text, &wanted(attributes))
        });
        self.answer(made.map(refused))
    }

    fn make_fifo(&mut self, node: Node, attributes: Vec<Named>) -> AttributedNode {
        let made = self.restore_to(&node.name, TargetEntry::Other, |tree, _, _| {
            tree.fifo(&node, &wanted(attributes))
        });
        self.answer(made.map(refused))
    }
}

pub(super) fn wanted(attributes: Vec<Named>) -> Vec<Attribute> {
    let wanted = |Named { name, value }| Attribute { name, value };
    attributes.into_iter().map(wanted).collect()
}

pub(super) fn refused(refused: Vec<RefusedAttribute>) -> Vec<Refused> {
    let shown = |RefusedAttribute { name, reason }| Refused { name, reason };
    refused.into_iter().map(shown).collect()
}
