//! From a store's configuration to its back end: the only place of this room that knows which kinds there are.

use std::sync::Arc;

use super::backend::Backend;
use super::local::LocalBackend;
use super::retry::RetryPolicy;
use super::s3::S3Backend;
use crate::config::{Place, StoreSpec};
use crate::error::Result;

/// Sends nothing yet, but a folder must be there.
pub(super) fn open(spec: &StoreSpec, policy: RetryPolicy) -> Result<Arc<dyn Backend>> {
    Ok(match &spec.place {
        Place::Fs { path } => Arc::new(LocalBackend::open(spec, path)?),
        Place::S3(bucket) => Arc::new(S3Backend::open(spec, bucket, policy)?),
    })
}
