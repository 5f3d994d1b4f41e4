//! A process that ended, and what it has to have said.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;

/// A process that ended. Every assertion shows all of its output when it does not hold.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output, as text where it is text.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
    /// From its start, or from the signal that was sent to it, to its end.
    pub(crate) took: Duration,
}

impl Finished {
    pub(crate) fn new(output: &Output, took: Duration) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took,
        }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code; {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_contains(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "stderr lacks {text:?}; {self:#?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn stdout_contains(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "stdout lacks {text:?}; {self:#?}"
        );
        self
    }

    /// Neither stream says `text`.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        let silent = !self.stdout.contains(text) && !self.stderr.contains(text);
        assert!(silent, "says {text:?}; {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn ends_within(self, limit: Duration) -> Self {
        assert!(self.took < limit, "took {:?}; {self:#?}", self.took);
        self
    }

    /// The one JSON value that stdout consists of.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON value ({error}); {self:#?}"))
    }
}
