//! The played host of this thread: what there is, and what has happened.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{Entry, Failure, Plan, Result};

#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) commands: BTreeMap<String, (i32, Vec<u8>)>,
    pub(crate) files: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) temp_dump: Option<Vec<u8>>,
    pub(crate) plan: Plan,
    pub(crate) artifact: Vec<u8>,
    /// The part that is being written, and where it began.
    pub(crate) part: Option<(String, usize)>,
    pub(crate) parts: Vec<(String, Vec<u8>)>,
    pub(crate) ran: Vec<String>,
    pub(crate) log: Vec<(String, String)>,
    /// The first failure after which the artifact cannot be good.
    pub(crate) broken: Option<Failure>,
}

thread_local! {
    static STAGE: RefCell<Option<Played>> = const { RefCell::new(None) };
}

/// Does `act` with `played` as its host.
pub(crate) fn on_stage<T>(played: Played, act: impl FnOnce() -> T) -> (T, Played) {
    STAGE.with_borrow_mut(|stage| *stage = Some(played));
    let done = act();
    let played = STAGE.with_borrow_mut(Option::take).unwrap_or_default();
    (done, played)
}

/// The host that is on stage.
///
/// # Panics
/// When there is none: a call into the host outside of `Host::backup`.
pub(crate) fn with<T>(ask: impl FnOnce(&mut Played) -> T) -> T {
    STAGE.with_borrow_mut(|stage| {
        ask(stage
            .as_mut()
            .expect("there is a host only within testing::Host::backup"))
    })
}

impl Played {
    /// A failure of what makes the artifact fails the run, whatever the strategy makes of it.
    pub(crate) fn settle<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(failure) = &result {
            self.broken.get_or_insert_with(|| failure.clone());
        }
        result
    }

    /// What stands at `path`, if the plan lets it be seen.
    pub(crate) fn entry(&self, path: &[u8]) -> Result<Entry> {
        let below = |root: &String| {
            let rest = path.strip_prefix(root.trim_end_matches('/').as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        let shown = String::from_utf8_lossy(path);
        if !self.plan.read.iter().any(below) {
            return Err(Failure::new(
                "not-granted",
                format!("{shown} is not in the plan's read"),
            ));
        }
        let inside = [path, b"/"].concat();
        let (kind, size) = match self.files.get(path) {
            Some(content) => ("file", content.len() as u64),
            None if self.files.keys().any(|file| file.starts_with(&inside)) => ("directory", 0),
            None => {
                return Err(Failure::new(
                    "not-found",
                    format!("there is nothing at {shown}"),
                ));
            }
        };
        Ok(Entry {
            path: path.to_vec(),
            kind: kind.to_owned(),
            mode: if kind == "file" { 0o644 } else { 0o755 },
            uid: 0,
            gid: 0,
            mtime_seconds: 0,
            mtime_nanoseconds: 0,
            size,
            link_target: None,
            device: 0,
            inode: 0,
            links: 1,
        })
    }

    /// The entries of a directory, in the order of their names.
    pub(crate) fn list(&self, path: &[u8]) -> Result<Vec<Entry>> {
        let inside = [path, b"/"].concat();
        let mut names: Vec<Vec<u8>> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(inside.as_slice()))
            .map(|rest| {
                rest.split(|byte| *byte == b'/')
                    .next()
                    .unwrap_or_default()
                    .to_vec()
            })
            .collect();
        names.dedup();
        names
            .iter()
            .map(|name| self.entry(&[inside.as_slice(), name].concat()))
            .collect()
    }
}
