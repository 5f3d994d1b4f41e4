//! The folders that are the sidecar's own, and the paths that a run may read: opened as descriptors,
//! so that no link and no renaming leads out of them.

mod attributes;
mod descriptor;
mod directories;
mod granted;
mod left_out;
mod location;
mod mount_table;
mod mounts;

pub use directories::Directories;
pub use location::Location;

pub(crate) use attributes::{
    Attribute, of_file as attributes_of_file, of_path as attributes_of_path,
};
pub(crate) use descriptor::{NO_LINK, by_descriptor, failed, inspect_entry, path_of};
pub(crate) use granted::ReadAccess;
pub(crate) use left_out::LeftOut;
pub(crate) use mounts::Mounts;
