//! What a zip cannot hold of an entry that it holds: said once for all entries.

use sidecar_sdk::attributes::Attribute;
use sidecar_sdk::{Entry, omissions};

use crate::path::display;
use crate::zip_header::holds_time;

/// Entries that lost something, and the first of them.
#[derive(Debug, Default)]
struct LostFacts {
    entries: u64,
    first: String,
}

/// What was lost so far.
#[derive(Debug, Default)]
pub(crate) struct ZipLimits {
    attributes: LostFacts,
    times: LostFacts,
}

impl ZipLimits {
    /// Notes what an entry loses.
    pub(crate) fn note(&mut self, entry: &Entry, attributes: &[Attribute]) {
        if !attributes.is_empty() {
            self.attributes.note(entry);
        }
        if !holds_time(entry.mtime_seconds) {
            self.times.note(entry);
        }
    }

    /// Reports it.
    pub(crate) fn report(&self) {
        self.attributes
            .report("extended attributes, ACLs and capabilities");
        self.times.report("times before 1601");
    }
}

impl LostFacts {
    fn note(&mut self, entry: &Entry) {
        if self.entries == 0 {
            self.first = display(&entry.path);
        }
        self.entries += 1;
    }

    fn report(&self, what: &str) {
        if self.entries > 0 {
            let what = format!("{what} of {} entries", self.entries);
            let message = format!(
                "a zip cannot hold them, format: tar can; the first is {}",
                self.first
            );
            omissions::report(what, "not-supported", message);
        }
    }
}
