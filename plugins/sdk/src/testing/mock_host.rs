//! The state of the mock host, one for each thread: what the test registered, and what happened.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::types::{Entry, Failure, Omission, Plan, Result};

/// What the test registered, and what the strategy did with it.
#[derive(Debug, Default)]
pub(crate) struct MockHost {
    pub(crate) commands: BTreeMap<String, (i32, Vec<u8>)>,
    pub(crate) files: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) temp_dump: Option<Vec<u8>>,
    /// Whether an earlier run has left a file there.
    pub(crate) left_over: bool,
    pub(crate) plan: Plan,
    pub(crate) artifact: Vec<u8>,
    /// The part that is being written, and its offset.
    pub(crate) part: Option<(String, usize)>,
    pub(crate) parts: Vec<(String, Vec<u8>)>,
    pub(crate) ran: Vec<String>,
    pub(crate) log: Vec<(String, String)>,
    pub(crate) omissions: Vec<Omission>,
    /// The first failure that makes the artifact incomplete.
    pub(crate) first_failure: Option<Failure>,
}

thread_local! {
    static CURRENT: RefCell<Option<MockHost>> = const { RefCell::new(None) };
}

/// Runs `call` with `host` as the host of this thread, and returns both.
pub(crate) fn run_with<T>(host: MockHost, call: impl FnOnce() -> T) -> (T, MockHost) {
    CURRENT.with_borrow_mut(|current| *current = Some(host));
    let result = call();
    let host = CURRENT.with_borrow_mut(Option::take).unwrap_or_default();
    (result, host)
}

/// Accesses the host of this thread.
///
/// # Panics
/// Without a host: a call into the host outside of `Host::backup`.
pub(crate) fn with<T>(access: impl FnOnce(&mut MockHost) -> T) -> T {
    CURRENT.with_borrow_mut(|current| {
        access(
            current
                .as_mut()
                .expect("there is a host only within testing::Host::backup"),
        )
    })
}

impl MockHost {
    /// Records a failure that fails the run, whatever the strategy returns.
    pub(crate) fn record<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(failure) = &result {
            self.first_failure.get_or_insert_with(|| failure.clone());
        }
        result
    }

    /// The entry at `path`, if the plan grants it.
    pub(crate) fn entry(&self, path: &[u8]) -> Result<Entry> {
        let below = |root: &String| {
            let rest = path.strip_prefix(root.trim_end_matches('/').as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        let text = String::from_utf8_lossy(path);
        if !self.plan.read.iter().any(below) {
            return Err(Failure::new(
                "not-granted",
                format!("{text} is not in the plan's read"),
            ));
        }
        let inside = [path, b"/"].concat();
        let (kind, size) = match self.files.get(path) {
            Some(content) => ("file", content.len() as u64),
            None if self.files.keys().any(|file| file.starts_with(&inside)) => ("directory", 0),
            None => {
                return Err(Failure::new(
                    "not-found",
                    format!("there is nothing at {text}"),
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
