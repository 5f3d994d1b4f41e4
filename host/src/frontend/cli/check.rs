//! `sidecar check`: finds what would make the next backup fail.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::outln;
use super::{exit, print};
use crate::error::{Error, Result};
use crate::service::{AccessVerdict, CheckReport, NextDue, Overview, Service};

/// Arguments of `sidecar check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// Contact no server and no store, and run no command
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(options: &Options, args: &CheckArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    let mut report = service.check();
    if !args.offline {
        service.preflight(&mut report);
        service.check_stores(&mut report)?;
    }
    if options.json {
        outln!("{}", json(&report));
    } else {
        text(options, &report);
    }
    Ok(report
        .errors
        .first()
        .map_or(ExitCode::SUCCESS, |error| exit::code(error)))
}

fn json(report: &CheckReport) -> serde_json::Value {
    let objects = |errors: &[Arc<Error>]| {
        let objects = errors.iter().map(|error| print::object(error));
        objects.collect::<Vec<_>>()
    };
    let mut object = serde_json::json!(report);
    object["warnings"] = objects(&report.warnings).into();
    object["errors"] = objects(&report.errors).into();
    object
}

fn text(options: &Options, report: &CheckReport) {
    outln!("configuration  {}", report.configuration.display());
    match report.overview.as_slice() {
        [] => details(report),
        several => {
            table(several);
            details(report);
            for (one, member) in several.iter().zip(&report.members) {
                outln!("{}", one.name);
                details(member);
            }
        }
    }
    for warning in &report.warnings {
        print::warning(options, warning);
    }
    match report.errors.as_slice() {
        [] => outln!("ready"),
        errors => errors.iter().for_each(|error| print::error(options, error)),
    }
}

/// A line for each strategy, in columns that are as wide as what is in them.
fn table(lines: &[Overview]) {
    let cells = |line: &Overview| {
        [
            line.name.clone(),
            print::plain(&line.backs_up),
            line.next.clone(),
            line.stores.join(", "),
            line.retention.clone(),
        ]
    };
    let head = ["strategy", "backs up", "next", "stores", "kept"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head)
        .chain(lines.iter().map(cells))
        .collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    });
    for row in &rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        outln!("{}", cells.join("  ").trim_end());
    }
}

fn details(report: &CheckReport) {
    match &report.module {
        Some(module) => outln!(
            "strategy       {} ({} {})",
            report.strategy,
            print::plain(&module.name),
            print::plain(&module.version)
        ),
        None => outln!("strategy       {}", report.strategy),
    }
    if let Some(sha256) = &report.module_sha256 {
        outln!("module         sha256:{sha256}");
    }
    if let Some(workdir) = &report.workdir {
        outln!(
            "works in       {}",
            print::plain(&workdir.display().to_string())
        );
    }
    if let Some(shell) = &report.shell {
        outln!("shell          {shell}");
    }
    if let Some(confinement) = &report.confinement {
        outln!("confinement    {confinement}");
    }
    for reach in &report.unconfined {
        outln!("{:<14} {}", "", print::plain(reach));
    }
    grants("grants", &report.grants).for_each(|line| outln!("{line}"));
    grants("to restore", &report.restore_grants).for_each(|line| outln!("{line}"));
    for (at, store) in report.stores.iter().enumerate() {
        let title = if at == 0 { "stores" } else { "" };
        let note = match report.without_lock.contains(store) {
            true => "; sidecars cannot take turns there: run one only",
            false => "",
        };
        let able = match report.without_delete.contains(store) {
            true => "written, listed and read; nothing is ever deleted",
            false => "written, listed, read and deleted",
        };
        outln!("{title:<14} {store}: can be {able}{note}");
    }
    for remark in &report.remarks {
        outln!("{:<14} {}", "", print::plain(remark));
    }
    if let Some(doubt) = &report.clock_doubt {
        outln!("clock          NOT TRUSTED  {doubt}; backups are made, none is deleted");
    }
    if let Some(files) = &report.files {
        outln!("retention      one backup a day leads to {files}");
    }
    for (at, due) in report.next.iter().enumerate() {
        let title = if at == 0 { "next" } else { "" };
        let NextDue {
            what,
            cron,
            timezone,
            local,
            ..
        } = due;
        outln!("{title:<14} {what} at {local} in {timezone} ({cron})");
    }
}

/// What a module plans, before it runs: on stderr, where no artifact goes.
pub(super) fn show_plan(report: &CheckReport) {
    if report.grants.is_empty() && report.errors.is_empty() {
        print::note("its plan asks for nothing");
    }
    grants("its plan", &report.grants).for_each(|line| print::note(&line));
}

fn grants(title: &str, verdicts: &[AccessVerdict]) -> impl Iterator<Item = String> {
    verdicts.iter().enumerate().map(move |(at, grant)| {
        let title = if at == 0 { title } else { "" };
        let verdict = if grant.allowed { "granted" } else { "REFUSED" };
        let mut asked = grant.asked.trim_end().to_owned();
        if let Some(note) = &grant.note {
            asked.push_str(&format!("\n({note})"));
        }
        format!(
            "{title:<14} {verdict}  {:<8} {}",
            grant.access,
            asked.replace('\n', "\n                                  ")
        )
    })
}
