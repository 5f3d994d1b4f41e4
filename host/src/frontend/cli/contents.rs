//! `sidecar contents`: what lies in a backup.

use std::process::ExitCode;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::{self, outln};
use crate::error::Result;
use crate::service::{BackupContents, ContentsEntry, ContentsQuery, EntryKind, Service};

/// Arguments of `sidecar contents`.
#[derive(Debug, Args)]
pub(super) struct ContentsArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// The id of a backup, the beginning of one, or "latest"
    #[arg(value_name = "ID|latest")]
    which: String,
    /// Show only what lies directly in this folder of an archive
    #[arg(long, value_name = "FOLDER")]
    under: Option<String>,
    /// Show only names that have this text in them
    #[arg(long = "match", value_name = "TEXT")]
    matching: Option<String>,
    /// How many to show
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 1000)]
    limit: usize,
}

pub(super) fn run(options: &Options, args: &ContentsArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    let query = ContentsQuery {
        under: args.under.clone(),
        matching: args.matching.clone(),
        limit: Some(args.limit),
    };
    let contents = service.contents(&args.which, &query)?;
    match options.json {
        true => outln!("{}", serde_json::json!(contents)),
        false => show(&contents),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(contents: &BackupContents) {
    outln!("{}", contents.id);
    for member in &contents.members {
        outln!("  {}  {}", print::plain(&member.strategy), member.id);
    }
    for part in &contents.parts {
        outln!(
            "  {:>10}  {}",
            print::size(part.length),
            print::plain(&part.name)
        );
    }
    for ContentsEntry { entry, .. } in &contents.entries {
        let mark = match entry.kind {
            EntryKind::Directory => "/",
            EntryKind::Link => "@",
            EntryKind::File | EntryKind::Other => "",
        };
        outln!(
            "  {:>10}  {}{mark}",
            print::size(entry.size),
            print::plain(&entry.name)
        );
    }
    for omission in &contents.omissions {
        outln!(
            "  not in it: {}: {}",
            print::plain(&omission.what),
            print::plain(&omission.message)
        );
    }
    let shown = contents.parts.len() + contents.entries.len();
    if shown < contents.total {
        outln!(
            "  … and {} more: --match TEXT or --under FOLDER shows fewer",
            contents.total - shown
        );
    }
    if !contents.complete {
        outln!(
            "  this is not all of it: it is no archive, or larger than what is read for this list"
        );
    }
}
