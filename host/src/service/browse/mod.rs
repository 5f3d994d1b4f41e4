//! What a client sees of the backups: pages of them with what the retention says of each, and what lies in one.
//!
//! ```text
//! listing ──► page       newest first, a part of them
//!               └► decided   keep or delete, and why
//! a backup ─► contents   its parts, or the entries of an archive
//!         └─► selected   parts or files of it, alone
//!               └► selected_reader ─► download   their bytes, to a client or into a file
//! ```

mod contents;
mod decided;
mod download;
mod hashed_bytes;
mod page;
mod selected;
mod selected_reader;

pub use contents::{BackupContents, ContentsEntry, ContentsQuery};
pub(super) use contents::{ContentsIndex, index};
pub use decided::BackupVerdict;
pub use download::SelectedStream;
pub(super) use download::{fetch, stream};
pub use page::{BackupPage, BackupQuery, ListedBackup};
pub(super) use page::{copies, page};
pub use selected_reader::SelectedHead;
