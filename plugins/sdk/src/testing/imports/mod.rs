//! The interfaces of the mock host, under the same names as in the generated bindings: one file each.

pub(crate) mod artifact;
pub(crate) mod attributes;
pub(crate) mod changes;
pub(crate) mod choices;
pub(crate) mod commands;
pub(crate) mod deflate;
mod execute;
pub(crate) mod files;
pub(crate) mod omissions;
pub(crate) mod programs;
pub(crate) mod progress;
pub(crate) mod temp_dump;
pub(crate) mod tree;
