//! `modules.NAME.limits`: what a module may use at most.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::duration::RawDuration;
use super::section_reader::SectionReader;
use super::size::RawSize;

/// What the module may use at most.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Limits")]
pub(super) struct RawLimits {
    /// Linear memory; left out: what the container leaves to a module, at most 1 GiB.
    pub(super) memory: Option<RawSize>,
    /// What a run may write: the artifact, and what it adds to the work directory and the temporary dump; left
    /// out: as much as the disk takes.
    pub(super) disk: Option<RawSize>,
    /// Replaces `strategy.timeout` for this module.
    pub(super) timeout: Option<RawDuration>,
}

/// `modules.NAME.limits`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes of linear memory; none: what the container leaves.
    pub memory: Option<u64>,
    /// Bytes of the artifact, and bytes that are added to the folders that the module writes.
    pub disk: Option<u64>,
    /// Replaces `strategy.timeout` for this module.
    pub timeout: Option<Duration>,
}

/// Less memory than any component can start with.
const MIN_MEMORY: u64 = 1 << 20;

/// `module` is the pointer of the module.
pub(super) fn read(reader: &mut SectionReader<'_>, module: &str, raw: RawLimits) -> Limits {
    let memory = raw.memory.map(|size| size.0);
    if memory.is_some_and(|memory| memory < MIN_MEMORY) {
        reader.problem(
            &format!("{module}/limits/memory"),
            "no module can start with so little memory",
            "write at least 1MiB",
        );
    }
    let timeout = raw.timeout.map(|span| span.0);
    if timeout.is_some_and(|timeout| timeout.is_zero()) {
        reader.problem(
            &format!("{module}/limits/timeout"),
            "the module would have no time at all",
            "write for example `1h`, or remove it",
        );
    }
    Limits {
        memory,
        disk: raw.disk.map(|size| size.0),
        timeout,
    }
}
