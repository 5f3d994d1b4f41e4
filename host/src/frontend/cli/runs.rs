//! `sidecar runs`: the journal of runs.

use std::process::ExitCode;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print;
use super::print::outln;
use crate::error::Result;
use crate::service::{Run, Service};

/// Arguments of `sidecar runs`.
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// How many runs to list, from the newest
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

pub(super) fn run(options: &Options, args: &RunsArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let runs = all.strategy(args.of.strategy.as_deref())?.runs(args.limit);
    if options.json {
        outln!("{}", serde_json::json!({ "runs": runs }));
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        outln!("nothing has run here yet");
    }
    for run in &runs {
        outln!("{}", line(run));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(run: &Run) -> String {
    let started = run.started_at.unwrap_or(run.queued_at);
    let took = run.duration_ms.map_or("-".to_owned(), |took| {
        format!("{}.{} s", took / 1000, took / 100 % 10)
    });
    let size = run
        .artifact
        .as_ref()
        .map_or("-".to_owned(), |artifact| print::size(artifact.size));
    let reason = run
        .error
        .as_ref()
        .map_or("", |error| error.message.lines().next().unwrap_or_default());
    let of = match (&run.member, &run.set_id) {
        (Some(member), _) => format!("{member}  "),
        (None, Some(_)) => "set  ".to_owned(),
        (None, None) => String::new(),
    };
    let line = format!(
        "{}  {started:.0}  {:<7}  {:<11}  {took:>9}  {size:>11}  {:<14}  {of}{reason}",
        run.id,
        run.kind.as_str(),
        run.state.as_str(),
        run.asked_by
    );
    line.trim_end().to_owned()
}
