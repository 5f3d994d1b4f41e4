//! The download cache: artifacts that wait until a client has fetched them.
//!
//! Each is a second name for the published file, in the state folder: the next run's artifact, which
//! takes the first name, does not take the bytes away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::history::Run;
use crate::service::context::Context;

/// How long an artifact that was sent stays, unless the next backup begins: its last bytes may have
/// been on their way when the client died, which then asks again.
const RESEND_WINDOW: Duration = Duration::from_secs(15 * 60);

/// The ending of these names; before it stands the run's id.
const ENDING: &str = "artifact";

/// The artifact of `run`, if it is still here.
pub(in crate::service) fn find(context: &Arc<Context>, run: &Run) -> Option<File> {
    let of = context.of(run.member.as_deref()).ok()?;
    open(&of.state_folder(), &run.id)
}

/// The artifact of the run `id` of the strategy with this state folder.
pub(in crate::service) fn open(folder: &Path, id: &str) -> Option<File> {
    File::open(name(folder, id)).ok()
}

/// Gives the published file its second name.
pub(in crate::service) fn add(folder: &Path, id: &str, artifact: &Path) {
    if let Err(error) = fs::hard_link(artifact, name(folder, id)) {
        tracing::warn!(path = %artifact.display(), %error, "this file system has no hard links: the artifact can be fetched only while its run is answered");
    }
}

/// From now on no client can fetch it.
pub(in crate::service) fn remove(folder: &Path, id: &str) {
    remove_file(&name(folder, id));
}

/// All of it was sent to a client, which may not have received it: it stays a little longer.
pub(in crate::service) fn sent(context: &Context, id: &str) {
    if !context.history().record_sent(id) {
        // Without that record it would never expire.
        remove(&context.state_folder(), id);
    }
}

/// A client has received it.
pub(in crate::service) fn received(context: &Context, id: &str) {
    context.history().record_sent(id);
    remove(&context.state_folder(), id);
}

/// The strategy that a run is of.
pub(in crate::service) fn of_run(context: &Arc<Context>, id: &str) -> Arc<Context> {
    let run = context.history().get(id);
    let of = context.of(run.as_ref().and_then(|run| run.member.as_deref()));
    of.unwrap_or_else(|_| context.clone())
}

/// Removes what was sent a while ago, and what no client has fetched in time.
pub(in crate::service) fn remove_expired(context: &Context) {
    remove_older(context, RESEND_WINDOW);
}

/// The same before a backup, which needs the room: a client that asks again then gets the next one.
pub(in crate::service) fn make_room(context: &Context) {
    remove_older(context, Duration::ZERO);
}

fn remove_older(context: &Context, resend: Duration) {
    for context in context.all() {
        remove_older_of(context, resend);
    }
}

fn remove_older_of(context: &Context, resend: Duration) {
    let entries = fs::read_dir(context.state_folder()).into_iter().flatten();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        if let Some(why) = expired(context, &path, resend) {
            tracing::info!(path = %path.display(), "removing an artifact: {why}");
            remove_file(&path);
            context.cached.forget(&(path.clone(), false));
            context.cached.forget(&(path, true));
        }
    }
}

/// Why it goes. What this process has seen long enough goes by the monotonic clock; what is older than
/// this process by the wall clock, where that is trusted.
fn expired(context: &Context, path: &Path, resend: Duration) -> Option<&'static str> {
    let run = || context.history().get(path.file_stem()?.to_str()?);
    let sent = run().and_then(|run| run.delivered_at);
    let seen = context.cached.age((path.to_owned(), sent.is_some()));
    let time = context.time();
    let by_wall = |age: Option<Duration>| age.filter(|_| time.doubt.is_none());
    if let Some(at) = sent {
        let age = by_wall(Duration::try_from(time.now.duration_since(at)).ok());
        let is_over = resend.is_zero() || age.unwrap_or_default().max(seen) >= resend;
        return is_over.then_some("it was fetched");
    }
    let age = by_wall(clock::file_age(path)).unwrap_or_default().max(seen);
    (age > context.config().paths.keep_undelivered)
        .then_some("no client has fetched it within paths.keep_undelivered")
}

fn remove_file(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an artifact from the download cache");
    }
}

fn name(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.{ENDING}"))
}
