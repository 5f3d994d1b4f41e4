//! Interface `unpacking`: what a restore of files needs beside the directory that it fills.

use crate::sandbox::bindings::attributed::sidecar::strategy::attributed_target::Refused;
use crate::sandbox::bindings::attributed::sidecar::strategy::attributes::Attribute as Named;
use crate::sandbox::bindings::attributed::sidecar::strategy::unpacking::Host;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::Node;
use crate::sandbox::bindings::strategy::sidecar::strategy::types::Failure;
use crate::sandbox::imports::attributed_target::{refused, wanted};
use crate::sandbox::state::{State, TargetEntry};

impl Host for State {
    fn written_as_one(&mut self, selection: u32) -> wasmtime::Result<bool> {
        Ok(self.written_as_one.contains(&(selection as usize)))
    }

    fn expect(&mut self, entries: u64, bytes: u64) -> wasmtime::Result<Result<(), Failure>> {
        let accepted = self.choices.accepted.iter().any(|word| word == "space");
        let fits = match accepted {
            true => Ok(()),
            false => self.expect_room(entries, bytes),
        };
        self.answer(fits)
    }

    fn make_parent(
        &mut self,
        node: Node,
        attributes: Vec<Named>,
    ) -> wasmtime::Result<Result<Vec<Refused>, Failure>> {
        let made = self.restore_to(&node.name.clone(), TargetEntry::Directory, |tree, _, _| {
            tree.parent(node, wanted(attributes))
        });
        self.answer(made.map(refused))
    }
}
