//! `drill`

use schemars::JsonSchema;
use serde::Deserialize;

use super::words::Cron;

/// Restores the latest backup into a scratch target and checks it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the target is read key by key, so that one message serves all secrets"
)]
pub(in super::super) struct Drill {
    /// Five fields: minute, hour, day of month, month, day of week; in UTC. Left out: only by `sidecar drill`.
    pub(in super::super) cron: Option<Cron>,
    /// The scratch target: a URL, in which everything is replaced, or a directory, in which a folder
    /// is made and removed again.
    #[schemars(extend("writeOnly" = true, "examples" = ["postgresql://scratch/postgres"]))]
    into: Option<String>,
    /// A file that holds the URL.
    into_file: Option<String>,
    /// Commands that fail if the restored data is not right. SIDE_CAR_DRILL_INTO says where it is.
    pub(in super::super) check: Option<Vec<String>>,
}
