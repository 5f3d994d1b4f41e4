//! Gives the staged artifact its name in `paths.artifacts`.

use crate::artifact::{Omission, Sealed};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::history::RunArtifact;
use crate::service::runs::omissions::recorded;

/// Publishes the artifact by one rename.
pub(super) fn publish(
    config: &Config,
    sealed: Sealed,
    omissions: &[Omission],
) -> Result<RunArtifact> {
    let spec = &config.strategy.artifact;
    let file = sealed
        .spool
        .publish(&config.paths.artifacts.join(&spec.filename))?;
    Ok(RunArtifact {
        path: file.path,
        filename: spec.filename.clone(),
        format: spec.format.clone(),
        content_type: spec.content_type.clone(),
        size: sealed.size,
        sha256: sealed.sha256.to_string(),
        omissions: recorded(omissions),
    })
}

/// Fails if a backup of `size` bytes is smaller than the operator expects.
pub(super) fn require_size(config: &Config, size: u64) -> Result<()> {
    let least = config.strategy.artifact.min_size;
    match size < least {
        true => Err(Error::run(
            "too-small",
            format!("the artifact has {size} bytes, fewer than strategy.artifact.min_size {least}"),
        )
        .hint("look at what the strategy wrote; nothing was published")),
        false => Ok(()),
    }
}
