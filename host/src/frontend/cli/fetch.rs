//! `sidecar fetch`: downloads a backup from a store.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print;
use super::print::outln;
use crate::error::Result;
use crate::service::Service;

/// Arguments of `sidecar fetch`.
#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// The id of a backup, the beginning of one, or "latest"
    #[arg(value_name = "ID|latest")]
    which: String,
    /// The file to write; it appears once it is complete and verified
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Only this part (a database), or this file or folder of an archive, as it was before compression and encryption; may be
    /// repeated, and then makes a ZIP
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Accept a consequence that a refusal names (plaintext); may be repeated
    #[arg(long, value_name = "WORD")]
    accept: Vec<String>,
}

pub(super) fn run(options: &Options, args: &FetchArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    if !args.only.is_empty() {
        return fetch_selected(options, service, args);
    }
    let backup = service.fetch(&args.which, &args.output, &args.accept)?;
    if options.json {
        outln!("{}", serde_json::json!(backup.manifest));
    } else {
        let artifact = &backup.manifest.artifact;
        outln!("{}", args.output.display());
        let key = print::key(backup.strategy.as_deref(), &backup.key);
        outln!("  from    {} {key}", backup.store);
        outln!(
            "  size    {} ({} bytes)",
            print::size(artifact.stored_size()),
            artifact.stored_size()
        );
        match artifact.files() {
            // Of the tar there is no digest.
            Some(_) => outln!("  tree    {}", artifact.sha256),
            None => outln!("  sha256  {}", artifact.sha256),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn fetch_selected(options: &Options, service: &Service, args: &FetchArgs) -> Result<ExitCode> {
    let head = service.fetch_selected(&args.which, &args.only, &args.output, &args.accept)?;
    let size = std::fs::metadata(&args.output).map_or(0, |file| file.len());
    if options.json {
        match &head.part {
            Some(part) => outln!("{}", serde_json::json!(part)),
            None => outln!("{}", serde_json::json!({"names": args.only, "size": size})),
        }
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{}", args.output.display());
    for name in &args.only {
        outln!("  part    {}", print::plain(name));
    }
    outln!("  size    {} ({size} bytes)", print::size(size));
    if let Some(sha256) = head.part.and_then(|part| part.sha256) {
        outln!("  sha256  {sha256}");
    }
    Ok(ExitCode::SUCCESS)
}
