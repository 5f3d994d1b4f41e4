//! Sections whose features are not built yet: checked already, so that a file that passes today passes then.

use schemars::JsonSchema;

use super::words::Cron;

/// Restores the latest backup into a scratch target and checks it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only checked, until drills are built")]
pub(in super::super) struct Drill {
    /// Five fields: minute, hour, day of month, month, day of week. Left out: only by `sidecar drill`.
    cron: Option<Cron>,
    /// The scratch target: a URL or a directory. Everything in it is replaced.
    #[schemars(extend("writeOnly" = true, "examples" = ["postgresql://scratch/postgres"]))]
    into: Option<String>,
    /// A file that holds the URL.
    into_file: Option<String>,
    /// Commands that fail if the restored data is not right.
    check: Option<Vec<String>>,
}
