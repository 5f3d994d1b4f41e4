//! `sidecar lifecycle`: the retention as lifecycle rules of S3.

use std::process::ExitCode;

use clap::Args;

use super::options::Options;
use super::print::outln;
use crate::error::Result;
use crate::service::Service;

/// Arguments of `sidecar lifecycle`.
#[derive(Debug, Args)]
pub(super) struct LifecycleArgs {
    /// Set the rules on the buckets; rules that the sidecar did not make stay unchanged
    #[arg(long)]
    apply: bool,
}

pub(super) fn run(options: &Options, args: &LifecycleArgs) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    for rules in service.lifecycles()? {
        for warning in &rules.warnings {
            tracing::warn!(store = rules.store, bucket = rules.bucket, "{warning}");
        }
        if !args.apply {
            outln!("{:#}", rules.configuration);
        }
    }
    if args.apply {
        let changed = service.apply_lifecycles()?;
        if options.json {
            outln!("{}", serde_json::json!({"changed": changed}));
        } else if changed.is_empty() {
            outln!("the rules were set already");
        }
        for bucket in changed.iter().filter(|_| !options.json) {
            outln!("set the rules of bucket {bucket}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
