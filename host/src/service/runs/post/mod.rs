//! `post`, which runs whatever happens once the run has started a command.
//!
//! The strategy runs it at the end of a backup. When it cannot (the run was cancelled, timed out or
//! interrupted, the module trapped), the host runs the lines that are missing, bounded by
//! `strategy.post_timeout`. A note on the disk names them meanwhile: after a `kill -9` the next start
//! of the sidecar runs what is owed. Only lines of the operator's own configuration are run.
//!
//! ```text
//! watch   sees the commands of a run, and runs what is missing at its end
//! owed    runs what a process that was killed has not
//! lines   the lines, and how they run
//! note    the note on the disk
//! ```

pub(in crate::service) mod lines;
mod note;
pub(in crate::service) mod owed;
pub(in crate::service) mod watch;
