//! `sidecar lifecycle`: what S3 itself can do of the retention.

use std::process::ExitCode;

use clap::Args;

use super::Options;
use crate::error::Result;
use crate::service::Service;

/// What to do with the rules.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Set them on the buckets; rules that are not the sidecar's stay as they are
    #[arg(long)]
    apply: bool,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    for rules in service.lifecycles()? {
        for warning in &rules.warnings {
            tracing::warn!(store = rules.store, bucket = rules.bucket, "{warning}");
        }
        if !arguments.apply {
            println!("{:#}", rules.configuration);
        }
    }
    if arguments.apply {
        let changed = service.apply_lifecycles()?;
        if options.json {
            println!("{}", serde_json::json!({"changed": changed}));
        } else if changed.is_empty() {
            println!("the rules were set already");
        }
        for bucket in changed.iter().filter(|_| !options.json) {
            println!("set the rules of bucket {bucket}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
