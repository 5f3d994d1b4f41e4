//! The bytes of a run, on their way from the strategy to a published artifact.
//!
//! ```text
//! strategy ──► compress ──► encrypt ──► hash ──► spool ──► publish
//! Writer       codec/       encrypt     stage    spool     rename, sync
//! ```
//!
//! And the way back: `decrypt`, [`codec::decoder`], and what was [`Fetched`] for a restore.
//!
//! Every arrow is a bounded channel of reused buffers between threads: the slowest stage sets the
//! pace, and memory stays constant. An artifact is a transaction: without [`Writer::finish`] nothing
//! of it is left.

pub mod archive;
mod buffers;
pub mod codec;
mod decrypt;
mod encrypt;
mod fetched;
pub mod file_tree;
pub mod manifest;
mod omissions;
mod part_borders;
mod pipeline;
mod read_error;
pub mod set;
pub mod set_archive;
mod spool;
mod spool_reader;
mod stage;
mod transform;
mod zip_directory;
mod zip_fields;

pub use decrypt::{decryptor, encrypted_end};
pub use encrypt::encrypt_small;
pub use fetched::{Fetched, FetchedRange};
pub use omissions::{Omission, Omissions};
pub use part_borders::{PartBorder, PartBorders};
pub use pipeline::{Part, ReadError, Sealed, Writer};
pub use read_error::read_error;
pub use spool::{Published, Spool, SpoolLimit, remove_leftovers};
pub use spool_reader::SpoolReader;

#[cfg(test)]
#[path = "tests/damaged.rs"]
pub(crate) mod damaged;
