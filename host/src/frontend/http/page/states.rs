//! The state of a strategy, of a set or of a sidecar as a mark.

use super::locale::Locale;
use super::marks::{Mark, Tone};
use crate::service::{MemberState, MemberStatus};

/// A shape and a word. What is late is called so only if it is `overdue`: else something needs a look.
pub(super) fn state_mark(locale: Locale, state: MemberState, overdue: bool) -> Mark {
    let (tone, word) = match state {
        MemberState::Fresh => (Tone::Good, locale.text("status-fresh")),
        MemberState::Never => (Tone::Empty, locale.text("status-never")),
        MemberState::Unknown => (Tone::Unknown, locale.text("status-unknown")),
        MemberState::Late if overdue => (Tone::Late, locale.text("status-late")),
        MemberState::Late => (Tone::Late, locale.text("status-warning")),
        MemberState::Failed => (Tone::Bad, locale.text("status-failed")),
    };
    Mark::new(tone, &word)
}

/// Whether a backup was due that is not there.
pub(super) fn is_overdue(status: &MemberStatus) -> bool {
    status.why.iter().any(|why| why.code == "overdue")
}
