//! What a client sees of the backups: pages of them with what the retention says of each, and what lies in one.
//!
//! ```text
//! listing ──► page       newest first, a part of them
//!               └► decided   keep or delete, and why
//! ```

mod decided;
mod page;

pub use decided::BackupVerdict;
pub use page::{BackupPage, BackupQuery, ListedBackup};
pub(super) use page::{copies, page};
