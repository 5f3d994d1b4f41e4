//! `sidecar list`: what the stores hold.

use std::process::ExitCode;

use clap::Args;

use super::{Options, exit, print};
use crate::error::Result;
use crate::service::Service;

/// Which backups.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only those of this store
    #[arg(long, value_name = "NAME")]
    store: Option<String>,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let catalogue = Service::new(options.load()?)?.catalogue(arguments.store.as_deref())?;
    if options.json {
        println!("{}", serde_json::json!({"backups": catalogue.backups}));
    } else {
        for backup in &catalogue.backups {
            let manifest = &backup.manifest;
            println!(
                "{}  {:.0}  {:<8} {:>12}  {}  {}",
                manifest.id,
                manifest.started_at,
                manifest.tier,
                print::size(manifest.artifact.size),
                backup.store,
                backup.key
            );
        }
    }
    for damaged in &catalogue.damaged {
        print::error(options, &damaged.error);
    }
    Ok(catalogue
        .damaged
        .first()
        .map_or(ExitCode::SUCCESS, |damaged| exit::code(&damaged.error)))
}
