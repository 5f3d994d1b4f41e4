//! `sidecar lifecycle`: what S3 itself can do of the retention.

use std::process::ExitCode;

use super::Options;
use crate::error::Result;
use crate::service::Service;

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    for rules in service.lifecycles()? {
        for warning in &rules.warnings {
            tracing::warn!(store = rules.store, bucket = rules.bucket, "{warning}");
        }
        println!("{:#}", rules.configuration);
    }
    Ok(ExitCode::SUCCESS)
}
