//! `sidecar check`: what would go wrong tonight.

use std::process::ExitCode;

use clap::Args;

use super::{Options, exit, print};
use crate::error::Result;
use crate::service::{Report, Service};

/// How far to look.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ask no store
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    let mut report = service.check();
    if !arguments.offline {
        service.check_stores(&mut report)?;
    }
    if options.json {
        println!("{}", json(&report));
    } else {
        text(options, &report);
    }
    Ok(report
        .errors
        .first()
        .map_or(ExitCode::SUCCESS, |error| exit::code(error)))
}

fn json(report: &Report) -> serde_json::Value {
    let errors: Vec<_> = report
        .errors
        .iter()
        .map(|error| print::object(error))
        .collect();
    let mut object = serde_json::json!(report);
    object["errors"] = errors.into();
    object
}

fn text(options: &Options, report: &Report) {
    println!("configuration  {}", report.configuration.display());
    match &report.module {
        Some(module) => println!(
            "strategy       {} ({} {})",
            report.strategy,
            print::plain(&module.name),
            print::plain(&module.version)
        ),
        None => println!("strategy       {}", report.strategy),
    }
    if let Some(sha256) = &report.module_sha256 {
        println!("module         sha256:{sha256}");
    }
    if let Some(shell) = &report.shell {
        println!("shell          {shell}");
    }
    for (at, grant) in report.grants.iter().enumerate() {
        let title = if at == 0 { "grants" } else { "" };
        let verdict = if grant.allowed { "granted" } else { "REFUSED" };
        let asked = print::plain(grant.asked.trim_end());
        println!(
            "{title:<14} {verdict}  {:<8} {}",
            grant.access,
            asked.replace('\n', "\n                                  ")
        );
    }
    for (at, store) in report.stores.iter().enumerate() {
        let title = if at == 0 { "stores" } else { "" };
        let alone = match report.without_turns.contains(store) {
            true => "; sidecars cannot take turns there: run one only",
            false => "",
        };
        println!("{title:<14} {store}: can be written, listed, read and deleted{alone}");
    }
    if let Some(files) = &report.files {
        println!("retention      one backup a day leads to {files}");
    }
    match report.errors.as_slice() {
        [] => println!("ready"),
        errors => errors.iter().for_each(|error| print::error(options, error)),
    }
}
