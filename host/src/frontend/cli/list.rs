//! `sidecar list`: the backups in the stores.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::options::{Options, StrategyArg};
use super::print::outln;
use super::{exit, print};
use crate::error::Result;
use crate::service::{Catalogue, Contents, Service};

/// Arguments of `sidecar list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// List only the backups in this store
    #[arg(long, value_name = "NAME")]
    store: Option<String>,
}

/// What a backup cost: a repository has most of its bytes already.
fn added(artifact: &Contents) -> String {
    let share = 100 * u128::from(artifact.size) / u128::from(artifact.raw_size.max(1));
    let added = format!(
        "added {} to the repository ({share} %)",
        print::size(artifact.size)
    );
    match artifact.files() {
        Some(files) => format!(
            "{added}; {} files, {} unchanged",
            files.count, files.unchanged
        ),
        None => added,
    }
}

pub(super) fn run(options: &Options, args: &ListArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    let catalogue = service.catalogue(args.store.as_deref())?;
    let gone = service.gone(&catalogue);
    gone.iter().for_each(|gone| print::warning(options, gone));
    let Catalogue {
        backups, damaged, ..
    } = catalogue;
    let code = damaged
        .first()
        .map_or(ExitCode::SUCCESS, |damaged| exit::code(&damaged.error));
    if options.json {
        let damaged = damaged.iter().map(|damaged| {
            let error = print::object(&damaged.error);
            json!({"store": damaged.store, "key": damaged.key, "error": error})
        });
        let damaged: Vec<_> = damaged.collect();
        outln!("{}", json!({"backups": backups, "damaged": damaged}));
    } else {
        for backup in &backups {
            let manifest = &backup.manifest;
            let whose = match backup.foreign {
                true => format!("  of another sidecar, {}", backup.described_owner()),
                false => String::new(),
            };
            outln!(
                "{}  {:.0}  {:<8} {:>12}  {}  {}  {}{}",
                manifest.id,
                manifest.started_at,
                manifest.tier,
                print::size(manifest.artifact.stored_size()),
                backup.store,
                print::key(backup.strategy.as_deref(), &backup.key),
                backup.health,
                print::plain(&whose)
            );
            if manifest.artifact.repository.is_some() {
                outln!("{:>38}{}", "", added(&manifest.artifact));
            }
            for omission in &manifest.omissions {
                outln!(
                    "{:>38}without {}: {}",
                    "",
                    print::plain(&omission.what),
                    print::plain(&omission.message)
                );
            }
        }
        for damaged in damaged {
            print::error(options, &damaged.into());
        }
    }
    Ok(code)
}
