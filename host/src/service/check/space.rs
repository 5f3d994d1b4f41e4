//! Whether the next artifact has room where it is staged.

use crate::error::Error;
use crate::fs_atomic::Space;
use crate::history::RunState;
use crate::sandbox::Findings;
use crate::service::context::Context;

/// As much as the last good backup took, or the least that one may have. How large the next one is nothing tells.
pub(super) fn check(context: &Context) -> Findings {
    let config = context.config();
    let last = context.history().last(RunState::Succeeded);
    let last = last.and_then(|run| run.artifact).map(|made| made.size);
    let wanted = last.unwrap_or(0).max(config.strategy.artifact.min_size);
    let folder = &config.paths.artifacts;
    // Without the folder another check has failed.
    let lack = Space::of(folder).and_then(|space| space.require(folder, wanted, 1));
    let warning = |error: Error| {
        let what = match last {
            Some(size) if size >= config.strategy.artifact.min_size => "as the last backup had",
            _ => "as strategy.artifact.min_size wants",
        };
        Error::run("disk-full", format!("{}, {what}", error.message()))
            .hint("free space on the volume of paths.artifacts, or make it larger")
    };
    Findings {
        warnings: lack.err().map(warning).into_iter().collect(),
        ..Findings::default()
    }
}
