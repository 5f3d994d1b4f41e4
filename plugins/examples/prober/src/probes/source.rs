//! Interfaces `source` and `choices`: a backup that is not there, and ranges that are none.

use sidecar_sdk::Command;
use sidecar_sdk::bindings::restorer::sidecar::strategy::choices::{accepted, id, purpose, wait};
use sidecar_sdk::bindings::restorer::sidecar::strategy::source::{feed, lay_out, read, size};

use crate::probe::{HUGE, Probe, probe, restoring, said};

pub(super) const PROBES: &[Probe] = &[
    probe("source.size", "in a backup", || size().to_string()),
    probe("source.read", "in a backup", || said(read(0, 1))),
    probe("source.feed", "in a backup", || {
        said(feed(&Command::new("true"), 0, 0))
    }),
    probe("source.lay-out", "in a backup", || said(lay_out(0, 0))),
    restoring("source.read", "beyond the end", || said(read(1 << 40, 1))),
    restoring("source.read", "beyond the largest offset", || {
        said(read(u64::MAX, u32::MAX))
    }),
    restoring("source.feed", "a line that is not planned", || {
        said(feed(&Command::new("id"), 0, 1))
    }),
    restoring("source.feed", "around the largest number", || {
        said(feed(&Command::new("true"), u64::MAX, u64::MAX))
    }),
    restoring("source.lay-out", "beyond the end", || {
        said(lay_out(1 << 40, 1))
    }),
    restoring("source.lay-out", "around the largest number", || {
        said(lay_out(1, u64::MAX))
    }),
    probe("choices.id", "in a backup", || format!("{:?}", id())),
    probe("choices.purpose", "in a backup", purpose),
    probe("choices.accepted", "a word of 4 MiB", || {
        accepted(&"x".repeat(HUGE)).to_string()
    }),
    restoring(
        "choices.accepted",
        "what the operator did not accept",
        || accepted("space").to_string(),
    ),
    probe("choices.wait", "in a backup", || wait().to_string()),
];
