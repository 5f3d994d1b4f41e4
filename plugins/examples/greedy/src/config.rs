//! `strategy.config` of `greedy`.

use schemars::JsonSchema;
use serde::Deserialize;

/// `strategy.config` of this strategy.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// What to take.
    pub(crate) take: Take,
    /// How many of them.
    #[serde(default = "one")]
    pub(crate) number: usize,
    /// How many bytes each has.
    #[serde(default = "one")]
    pub(crate) bytes: usize,
    /// Requested in the plan: absolute directories; of the first, the file `file` is opened.
    #[serde(default)]
    pub(crate) read: Vec<String>,
}

fn one() -> usize {
    1
}

/// What this strategy takes too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Take {
    /// Reasons against the configuration.
    Refusals,
    /// Command lines of the plan.
    PlannedLines,
    /// One command line that was not planned.
    UnplannedLine,
    /// Parts of a byte, with names of `bytes`.
    Parts,
    /// Log lines.
    Lines,
    /// Lines of stdout.
    Output,
    /// Notes of progress.
    Notes,
    /// Omissions.
    Omissions,
    /// Open files, through the host.
    HostFiles,
    /// Open files, through WASI.
    WasiFiles,
    /// Bytes of the artifact, in one call.
    AtOnce,
    /// Bytes of the artifact.
    Artifact,
    /// Files of `bytes` in the work directory.
    WorkDirectory,
    /// The same, removed while they are open.
    RemovedFiles,
    /// The file at SIDE_CAR_TEMP_DUMP, after a command that writes nothing there.
    OldDump,
    /// The same, after one that writes behind what is there.
    DumpBehindOld,
    /// The same, after one that writes over it.
    DumpOverOld,
    /// The same, prepared.
    PreparedDump,
    /// Outcomes of a restore.
    Outcomes,
    /// Steps of a restore.
    Steps,
}
