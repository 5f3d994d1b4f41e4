//! What a client sees of the backups: pages of them with what the retention says of each, and what lies in one.
//!
//! ```text
//! listing ──► page       newest first, a part of them
//!               └► decided   keep or delete, and why
//! a backup ─► contents   its parts, or the entries of an archive
//!         └─► part       the bytes of one part
//! ```

mod contents;
mod decided;
mod page;
mod part;

pub use contents::{BackupContents, ContentsEntry, ContentsQuery};
pub(super) use contents::{ContentsIndex, index};
pub use decided::BackupVerdict;
pub use page::{BackupPage, BackupQuery, ListedBackup};
pub(super) use page::{copies, page};
pub use part::PartStream;
pub(super) use part::{fetch, stream};
