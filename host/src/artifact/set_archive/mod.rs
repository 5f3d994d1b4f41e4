//! A set as one file: a ZIP whose entries are stored as they are, so that it can be streamed while its members
//! are made and read by every program that knows ZIP.
//!
//! ```text
//! db/db.dump                     a member's artifact, as it lies in a store: compressed, encrypted, or neither
//! db/db.dump.manifest.json       its manifest
//! …
//! set.json                       what belongs together: the last entry
//! ```
//!
//! Sizes and checksums follow each entry (data descriptors) and stand in the directory at the end; both have 64
//! bits where 32 are not enough. A file without that end is no set.

mod read;
mod write;

pub use read::{ArchivedEntry, SetArchive, is_zip};
pub use write::ArchiveWriter;

/// The entry that says what the others are.
pub const LIST: &str = "set.json";

/// What follows the name of an artifact in the name of its manifest's entry.
pub const MANIFEST: &str = ".manifest.json";
