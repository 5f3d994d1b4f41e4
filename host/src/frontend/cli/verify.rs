//! `sidecar verify`: compares backups with their manifests.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::{self, outln};
use super::{progress, signals};
use crate::error::Result;
use crate::service::{RunRequest, Service};

/// Arguments of `sidecar verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// The id of a backup, the beginning of one, or "latest"
    #[arg(default_value = "latest", value_name = "ID|latest")]
    which: String,
    /// Verify every copy of every backup in the stores; of a repository, the share of this week
    #[arg(long, conflicts_with = "which")]
    all: bool,
    /// Accept a consequence that a refusal names (plaintext); may be repeated
    #[arg(long, value_name = "WORD")]
    accept: Vec<String>,
}

pub(super) fn run(options: &Options, args: &VerifyArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    let which = (!args.all).then_some(args.which.as_str());
    let service = match which {
        Some(which) => service.holding(which)?,
        None => service,
    };
    let job = Arc::new(service.job(RunRequest::verify(which, &args.accept)));
    signals::cancel_on_signal(job.cancel())?;
    let display = progress::show(options, &job);
    let found = service.verify(&job);
    drop(display);
    let found = match (found, signals::exit_code()) {
        (Err(error), Some(code)) => {
            print::error(options, &error);
            return Ok(code);
        }
        (found, _) => found?,
    };
    if options.json {
        outln!("{}", serde_json::json!(found));
    } else {
        for backup in &found.verified {
            outln!(
                "unaltered  {}  {}  {}",
                backup.id,
                backup.place,
                backup.sha256
            );
        }
        for proof in &found.proven {
            outln!(
                "proven     {} % of the repository in store {}: {} of {}, {} read now",
                proof.percent(),
                proof.store,
                print::size(proof.proven),
                print::size(proof.size),
                print::size(proof.read)
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
