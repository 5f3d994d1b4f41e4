//! Whether a backup can be used: what its manifest promises must lie beside it.

use std::collections::HashSet;

use crate::artifact::manifest::Manifest;
use crate::config::Tier;
use crate::error::{Error, Kind, Result};

/// The manifest, if it fits what lies beside it: an artifact of that size, or its snapshot.
pub(super) fn usable(
    text: &[u8],
    tier: Tier,
    artifact: &str,
    size: Option<u64>,
    snapshots: Option<&HashSet<String>>,
) -> Result<Manifest> {
    let manifest = Manifest::from_json(text)?;
    let damaged =
        |code: &'static str, message: String| Err(Error::new(Kind::Verification, code, message));
    let promised = manifest.artifact.size;
    let size = match (&manifest.artifact.repository, snapshots) {
        (None, _) => size,
        (Some(at), Some(snapshots)) if !snapshots.contains(&at.snapshot) => {
            return damaged(
                "missing-snapshot",
                format!("the snapshot {} of {artifact} is missing", at.snapshot),
            );
        }
        (Some(_), _) => Some(promised),
    };
    match size {
        None => damaged(
            "missing-artifact",
            format!("the artifact {artifact} is missing"),
        ),
        Some(found) if found != promised => damaged(
            "wrong-size",
            format!("the artifact {artifact} has {found} bytes instead of {promised}"),
        ),
        Some(_) if manifest.tier != tier => damaged(
            "wrong-tier",
            format!("the manifest is of a {} backup", manifest.tier),
        ),
        Some(_) => Ok(manifest),
    }
}
