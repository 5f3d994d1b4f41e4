//! The one way a file gets its name: it is written beside its place, synced, renamed, and then its
//! folder is synced.
//!
//! Until the rename, what stood at the place is whole; from then on the new file is. After the last
//! step a power cut changes nothing any more. What ends early leaves no temporary file behind.

mod entry;
mod file;
mod rename;
mod space;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use entry::TemporaryEntry;
pub use file::{AtomicFile, write};
pub use rename::{rename, rename_new, sync_folder, sync_folders};
pub use space::{Space, lack_of_room};
pub use step::{PublishError, PublishStep};
