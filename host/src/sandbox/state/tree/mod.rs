//! The directory that files are restored into, and nothing outside of it: every name is looked up
//! beneath it, and no symbolic link is followed on the way.

mod attributes;
mod content;
mod directories;
mod finishing;
mod name;
mod nodes;
mod owners;
mod refusal;
mod sparse;
mod target_tree;
mod target_view;
#[cfg(test)]
mod tests;
mod unchanged;

pub(in crate::sandbox) use attributes::RefusedAttribute;
pub(in crate::sandbox) use content::Body;
pub(in crate::sandbox) use owners::LostOwners;
pub(in crate::sandbox) use target_tree::{Tree, TreeRequest};
pub(in crate::sandbox) use target_view::{TargetEntry, TargetView};
pub(in crate::sandbox) use unchanged::rolled_back;
