//! What directories shall be in the end.

use crate::exchange::DirectoryFacts;
use crate::paths::Attribute;
use crate::sandbox::bindings::restorer::sidecar::strategy::target::Node;

/// What a directory shall be in the end.
pub(super) enum Pending {
    /// As in the backup.
    Node(Node, Vec<Attribute>),
    /// It was there, and stays what it was.
    Unchanged(DirectoryFacts),
}
