//! Places that must not be one, or lie in one another: two stores, a store and the folders of a run, a
//! store and what is archived. Compared as they really are, not as they are written.

mod archived;
mod bucket;
mod own_folders;
mod stores;

pub(super) use archived::{backup_folders, prepare, require_not_named, say_left_out};
pub(super) use own_folders::{require_confined, trusted_files};
pub(super) use stores::{overlaps, require_apart, same_place};
