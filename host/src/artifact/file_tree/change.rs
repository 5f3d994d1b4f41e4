//! How a file differs from what was opened.

use rustix::fs::Stat;

/// "grew", "shrank" or "rewritten"; none if it is as it was.
///
/// A change of owner, mode or number of names changes no byte; of the other things that only the time of
/// the last change of state tells, a rewrite whose time of modification was set back may be one.
pub fn change(before: &Stat, now: &Stat) -> Option<&'static str> {
    let modified = |facts: &Stat| (facts.st_mtime, facts.st_mtime_nsec);
    let changed = |facts: &Stat| (facts.st_ctime, facts.st_ctime_nsec);
    let node = |facts: &Stat| (facts.st_mode, facts.st_uid, facts.st_gid, facts.st_nlink);
    if now.st_size > before.st_size {
        return Some("grew");
    }
    if now.st_size < before.st_size {
        return Some("shrank");
    }
    let rewritten = modified(before) != modified(now)
        || (changed(before) != changed(now) && node(before) == node(now));
    rewritten.then_some("rewritten")
}
