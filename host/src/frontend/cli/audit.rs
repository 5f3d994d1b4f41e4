//! `sidecar audit`: who asked the API for what.

use std::process::ExitCode;

use clap::Args;

use super::options::Options;
use super::print::{outln, plain};
use crate::error::Result;
use crate::service::Service;

/// Arguments of `sidecar audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// How many requests to list, from the newest
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

pub(super) fn run(options: &Options, args: &AuditArgs) -> Result<ExitCode> {
    let audit = Service::new(options.load()?)?.audited(args.limit);
    if options.json {
        outln!("{}", serde_json::json!({ "audit": audit }));
        return Ok(ExitCode::SUCCESS);
    }
    if audit.is_empty() {
        outln!("the API was asked for nothing that is written down");
    }
    for one in &audit {
        let again = match one.since {
            Some(since) => format!("  ({} times since {since:.0})", one.times),
            None => String::new(),
        };
        outln!(
            "{:.0}  {:<14}  {:<15}  {:<28}  {:<22}  {}{again}",
            one.at,
            one.who,
            one.address,
            one.operation,
            one.outcome,
            plain(&one.target)
        );
    }
    Ok(ExitCode::SUCCESS)
}
