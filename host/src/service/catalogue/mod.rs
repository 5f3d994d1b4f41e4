//! What the stores hold: listed, fetched, verified, pruned, completed.

mod fetch;
pub(super) mod in_sets;
mod lifecycle;
pub(super) mod list;
mod listing;
pub(super) mod missed_uploads;
mod own_knowledge;
pub(super) mod plaintext;
pub(super) mod prune;
pub(super) mod repository;
pub(super) mod stored_bytes;
pub(super) mod stores;
mod stream;
mod sync;
pub(super) mod upload_journal;
pub(super) mod upload_missed;
pub(super) mod verdicts;
mod verify;
mod verify_progress;

pub(super) use fetch::fetch;
pub use lifecycle::BucketRules;
pub(super) use lifecycle::{apply_lifecycles, lifecycles};
pub(super) use list::{copies, list, readable_copies};
pub(super) use listing::{Listings, StoreListing, StrategyListing};
pub(super) use prune::prune;
pub use prune::{PruneOptions, Pruned, Pruning};
pub use stream::BackupStream;
pub(super) use stream::stream;
pub use sync::Synced;
pub(super) use sync::sync;
pub(super) use upload_missed::upload_missed;
pub use verify::{Verification, Verified};
pub(super) use verify::{verify, verify_all};
pub(super) use verify_progress::VerifyProgress;
