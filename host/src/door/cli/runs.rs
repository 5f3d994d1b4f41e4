//! `sidecar runs`: what ran on this sidecar.

use std::process::ExitCode;

use clap::Args;

use super::{Options, print};
use crate::error::Result;
use crate::service::{Run, Service};

/// How many.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The youngest so many
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let runs = Service::new(options.load()?)?.runs(arguments.limit);
    if options.json {
        println!("{}", serde_json::json!({ "runs": runs }));
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        println!("nothing has run here yet");
    }
    for run in &runs {
        println!("{}", line(run));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(run: &Run) -> String {
    let begun = run.started_at.unwrap_or(run.queued_at);
    let took = run.duration_ms.map_or("-".to_owned(), |took| {
        format!("{}.{} s", took / 1000, took / 100 % 10)
    });
    let size = run
        .artifact
        .as_ref()
        .map_or("-".to_owned(), |artifact| print::size(artifact.size));
    let why = run
        .error
        .as_ref()
        .map_or("", |error| error.message.lines().next().unwrap_or_default());
    let line = format!(
        "{}  {begun:.0}  {:<7}  {:<11}  {took:>9}  {size:>11}  {:<14}  {why}",
        run.id,
        run.kind.as_str(),
        run.state.as_str(),
        run.asked_by
    );
    line.trim_end().to_owned()
}
