//! What runs now, and what every run shares whatever it is for: the request, the lock, the record of
//! its beginning and end, progress, events. It knows no verb: the queue is handed what to perform.

mod disk_room;
mod disk_use;
pub(super) mod disk_watch;
pub(super) mod download_cache;
pub(super) mod first_seen;
pub(super) mod guards;
pub(super) mod handle;
pub(super) mod job;
pub(super) mod kept_for_set;
pub(super) mod list;
pub(super) mod lock;
mod nameless;
pub(super) mod notifications;
pub(super) mod omissions;
pub(super) mod outcome;
pub(super) mod post;
pub(super) mod progress;
pub(super) mod publish_journal;
pub(super) mod queue;
pub(super) mod record;
pub(super) mod request;
pub(super) mod sandbox_job;
pub(super) mod temp_folder;

pub(super) use download_cache::of_run;
pub use handle::RunHandle;
pub use job::{Job, PostState, Progress};
pub(super) use list::{audited, list};
pub(super) use lock::RunLock;
pub(super) use notifications::finish_notifying;
pub use progress::ProgressReporter;
pub(super) use queue::Queue;
pub use queue::QueueMoment;
pub use request::{Order, RunRequest, Task};
