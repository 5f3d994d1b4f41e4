//! What the commands and the module of a run say, kept beside the log of the process: without secrets, and with
//! what steers a terminal made visible. It can be read when the run has ended, too.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock;
use crate::display::visible_line;
use crate::redact::redacted;

/// Bytes that are kept of a run: the last ones.
pub const MOST_BYTES: usize = 256 << 10;
/// Lines that are kept of a run: the last ones.
pub const MOST_LINES: usize = 4096;

thread_local! {
    /// Of the run that this thread is at.
    static CURRENT: RefCell<Option<Arc<RunLog>>> = const { RefCell::new(None) };
}

/// A line that a command or a module has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was read. RFC 3339, UTC.
    pub at: Timestamp,
    /// `stderr` or `stdout` of a command; of a module, the level: `error`, `warn`, `info`.
    pub source: String,
    /// Without secrets; control characters are escaped as in JSON.
    pub text: String,
}

/// Lines of a run, from one of them on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RunLog")]
pub struct LogExcerpt {
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// How many lines came before the first of these.
    pub before: u64,
    /// How many lines the run has written: what to give as `after` to get the next ones.
    pub next: u64,
}

/// The last lines of a run.
#[derive(Debug)]
pub struct RunLog {
    retained: Mutex<RetainedLines>,
    written: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct RetainedLines {
    lines: VecDeque<LogLine>,
    bytes: usize,
    written: u64,
}

/// Ends with the run, on its thread.
pub struct Collecting(Option<Arc<RunLog>>);

/// Until the guard is dropped, what is said on this thread goes into `log`.
pub fn collect(log: &Arc<RunLog>) -> Collecting {
    Collecting(CURRENT.replace(Some(log.clone())))
}

/// Adds a line to the log of the run that this thread is at, if there is one.
pub(crate) fn add(source: &str, text: &str) {
    CURRENT.with_borrow(|current| {
        if let Some(log) = current {
            log.add(source, text);
        }
    });
}

impl Default for RunLog {
    fn default() -> Self {
        Self {
            retained: Mutex::default(),
            written: watch::Sender::new(0),
        }
    }
}

impl RunLog {
    /// The lines after the first `after`, as far as they are kept.
    pub fn excerpt(&self, after: u64) -> LogExcerpt {
        let retained = self.retained.lock();
        LogExcerpt {
            lines: retained.lines.iter().cloned().collect(),
            before: retained.written - retained.lines.len() as u64,
            next: retained.written,
        }
        .after(after)
    }

    /// How many lines there are, and every change of that.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    fn add(&self, source: &str, text: &str) {
        let line = LogLine {
            at: clock::now(),
            source: source.to_owned(),
            text: visible_line(&redacted(text)),
        };
        let mut retained = self.retained.lock();
        retained.bytes += line.text.len();
        retained.lines.push_back(line);
        while retained.lines.len() > MOST_LINES || retained.bytes > MOST_BYTES {
            let Some(oldest) = retained.lines.pop_front() else {
                break;
            };
            retained.bytes -= oldest.text.len();
        }
        retained.written += 1;
        self.written.send_replace(retained.written);
    }
}

impl LogExcerpt {
    /// Without the first `after` lines of the run.
    pub fn after(mut self, after: u64) -> Self {
        let known = after
            .saturating_sub(self.before)
            .min(self.lines.len() as u64);
        self.lines.drain(..known as usize);
        self.before += known;
        self
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_what_is_said_on_its_thread_while_it_runs() {
        let (set, member) = (Arc::new(RunLog::default()), Arc::new(RunLog::default()));
        add("stderr", "before");
        let of_set = collect(&set);
        add("stderr", "quiet\u{1b}[2J");
        let of_member = collect(&member);
        add("info", "dumping");
        drop(of_member);
        add("stderr", "again");
        drop(of_set);
        add("stderr", "after");
        let texts = |log: &RunLog| {
            let lines = log.excerpt(0).lines.into_iter();
            lines.map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(&set), ["quiet\\u001b[2J", "again"]);
        assert_eq!(texts(&member), ["dumping"]);
        assert_eq!(set.excerpt(1).lines[0].text, "again");
        assert_eq!(set.excerpt(7).lines, []);
    }

    #[test]
    fn the_last_lines_are_kept() {
        let log = RunLog::default();
        for number in 0..MOST_LINES + 10 {
            log.add("stderr", &format!("line {number}"));
        }
        let retained = log.excerpt(0);
        assert_eq!(
            (retained.before, retained.next),
            (10, MOST_LINES as u64 + 10)
        );
        assert_eq!(retained.lines[0].text, "line 10");
        log.add("stderr", &"x".repeat(MOST_BYTES - 8));
        assert_eq!(log.excerpt(0).lines.len(), 1);
    }
}
