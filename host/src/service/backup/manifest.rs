//! The manifest of a staged artifact.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::artifact::manifest::{Contents, Encrypted, MadeBy, Manifest, Sha256};
use crate::artifact::set::SetMember;
use crate::artifact::{Omission, Sealed};
use crate::clock;
use crate::config::{Compression, Config, Tier};

/// What the manifest says beside the bytes.
pub(in crate::service) struct Label<'a> {
    pub(in crate::service) id: &'a str,
    /// Of the component that made it.
    pub(in crate::service) made_by: Sha256,
    pub(in crate::service) compression: Compression,
    pub(in crate::service) started_at: Timestamp,
    /// Of a set.
    pub(in crate::service) members: Vec<SetMember>,
}

/// Describes the artifact and the run that made it.
pub(super) fn manifest(
    config: &Config,
    sealed: &Sealed,
    omissions: Vec<Omission>,
    label: &Label<'_>,
) -> Manifest {
    let spec = &config.strategy.artifact;
    Manifest {
        version: Manifest::VERSION,
        id: label.id.to_owned(),
        tier: Tier::Daily,
        started_at: label.started_at,
        finished_at: clock::now(),
        strategy: MadeBy {
            name: config.strategy.name.clone(),
            sha256: label.made_by.clone(),
        },
        tools: BTreeMap::new(),
        sidecar: env!("CARGO_PKG_VERSION").to_owned(),
        lease: None,
        artifact: Contents {
            filename: spec.filename.clone(),
            format: spec.format.clone(),
            content_type: spec.content_type.clone(),
            size: sealed.size,
            sha256: sealed.sha256.into(),
            raw_size: sealed.raw_size,
            raw_sha256: sealed.raw_sha256.into(),
            compression: label.compression.codec,
            encryption: spec.encryption.as_ref().map(|encryption| Encrypted::Age {
                recipients: encryption.recipients.clone(),
            }),
            // Each repository puts its own there.
            repository: None,
        },
        parts: sealed.parts.clone(),
        omissions,
        seq: None,
        spaced: None,
        // Each store puts its own there.
        owner: None,
        members: label.members.clone(),
    }
}
