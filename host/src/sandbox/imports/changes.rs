//! Interface `changes`: whether a file is still what was opened.

use rustix::fs::{Stat, fstat};
use wasmtime::component::Resource;

use crate::sandbox::bindings::observant::sidecar::strategy::changes::Host;
use crate::sandbox::state::State;
use crate::sandbox::state::open_file::OpenFile;

impl Host for State {
    fn since_opened(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<Option<String>> {
        let file = self.table.get(&file)?;
        if file.read_at_once {
            return Ok(None);
        }
        // What cannot be asked any more has been read without an error.
        let now = fstat(&file.file).ok();
        let change = now.and_then(|now| change(&file.facts, &now));
        Ok(change.map(str::to_owned))
    }
}

/// A change of owner, mode or number of names changes no byte; of the other things that only the time of
/// the last change of state tells, a rewrite whose time of modification was set back may be one.
fn change(before: &Stat, now: &Stat) -> Option<&'static str> {
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
