//! Reads a backup again and compares it with what was written down when it was made.

use std::fs::File;

use schemars::JsonSchema;
use serde::Serialize;

use super::Service;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::history::{Artifact, Run, State};

/// A backup that is what it was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verified {
    /// The run that made it.
    pub id: String,
    /// The file, or the store and the key.
    pub place: String,
    /// Lower-case hex, as it was written and as it was read.
    pub sha256: String,
}

impl Service {
    /// Verifies the backup `which` ("latest" is the last good one), or all: in the stores if there
    /// are any, and else the artifact that this sidecar published.
    pub fn verify(&self, which: Option<&str>) -> Result<Vec<Verified>> {
        if self.config().stores.is_empty() {
            return Ok(vec![self.verify_published(which.unwrap_or("latest"))?]);
        }
        let good = self.verify_stored(which)?;
        let verified = good.into_iter().map(|backup| Verified {
            id: backup.manifest.id,
            place: format!("{} {}", backup.store, backup.key),
            sha256: backup.manifest.artifact.sha256.to_string(),
        });
        Ok(verified.collect())
    }

    fn verify_published(&self, which: &str) -> Result<Verified> {
        let run = match which {
            "latest" => self.history().last(State::Succeeded),
            id => self.history().get(id),
        };
        let run = run.ok_or_else(|| no_such_backup(which))?;
        let artifact = run.artifact.clone().ok_or_else(|| no_such_backup(which))?;
        let mut file = self.open(&run, &artifact)?;
        let size = file
            .metadata()
            .map_err(|error| Error::io("inspect", &artifact.path, error))?
            .len();
        let sha256 = Digest::of(&mut file)
            .map_err(|error| Error::io("read", &artifact.path, error))?
            .to_string();
        if (size, &sha256) != (artifact.size, &artifact.sha256) {
            return Err(altered(&artifact, size, &sha256));
        }
        Ok(Verified {
            id: run.id,
            place: artifact.path.display().to_string(),
            sha256,
        })
    }

    /// The published file; for an older run, the one that waits to be fetched.
    fn open(&self, run: &Run, artifact: &Artifact) -> Result<File> {
        let last = self.history().last(State::Succeeded);
        let is_published = last.is_some_and(|last| last.id == run.id);
        let published = is_published
            .then(|| File::open(&artifact.path).ok())
            .flatten();
        published
            .or_else(|| self.kept_artifact(run))
            .ok_or_else(|| {
                Error::new(
                    Kind::Verification,
                    "artifact-missing",
                    format!(
                        "the artifact of run {} is no longer at {}",
                        run.id,
                        artifact.path.display()
                    ),
                )
                .hint("a later run replaced it, or somebody removed it: make a new backup now")
            })
    }
}

fn no_such_backup(which: &str) -> Error {
    Error::new(
        Kind::NotFound,
        "no-such-backup",
        format!("this sidecar knows of no backup {which}"),
    )
    .hint("`sidecar runs` lists what ran here")
}

fn altered(artifact: &Artifact, size: u64, sha256: &str) -> Error {
    Error::new(
        Kind::Verification,
        "artifact-altered",
        format!(
            "{} is not what was written: it has {size} bytes and SHA-256 {sha256}, it had {} bytes and {}",
            artifact.path.display(),
            artifact.size,
            artifact.sha256
        ),
    )
    .hint("do not restore from it: make a new backup now, and look after the disk")
}
