//! `sidecar restore`: a backup becomes again what it was made of.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Options, exit, print, progress, signals};
use crate::error::{Error, Kind, Result};
use crate::service::{Order, Outcome, Preview, Request, RestoreReport, Selection, Service};

/// Which backup, and how.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A backup's id, or its beginning, or "latest"
    #[arg(value_name = "ID|latest")]
    which: String,
    /// Only this part (a database, a glob of files), and what it shall be called; may be repeated
    #[arg(long, value_name = "NAME[=NEW]")]
    only: Vec<String>,
    /// Another server or directory than the one that it came from
    #[arg(long, value_name = "URL|DIR")]
    into: Option<String>,
    /// Overwrite what is there
    #[arg(long)]
    replace: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl Arguments {
    fn order(&self) -> Result<Order> {
        let only = self.only.iter().map(|text| selection(text));
        Ok(Order {
            which: self.which.clone(),
            only: only.collect::<Result<_>>()?,
            into: self.into.as_deref().map(place),
            replace: self.replace,
        })
    }
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let order = arguments.order()?;
    let service = Service::new(options.load()?)?;
    if arguments.dry_run {
        let preview = service.preview_restore(&order)?;
        match options.json {
            true => println!("{}", serde_json::json!(preview)),
            false => show(&preview),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let job = Arc::new(service.job(Request::restore(order.clone())));
    signals::cancel_on_signal(job.cancel())?;
    let shown = progress::show(options, &job);
    let done = service.restore(&job, &order);
    drop(shown);
    ended(options, done)
}

/// What is said of the end of a restore or a drill, and its exit code.
pub(super) fn ended(options: &Options, done: Result<RestoreReport>) -> Result<ExitCode> {
    match (done, signals::exit_code()) {
        (Ok(report), code) => Ok(tell(options, &report, code)),
        (Err(error), Some(code)) => {
            print::error(options, &error);
            Ok(code)
        }
        (Err(error), None) => Err(error),
    }
}

/// A URL as it is; a directory as a path from the root, whatever links lead to it.
fn place(into: &str) -> String {
    if into.contains("://") {
        return into.to_owned();
    }
    let found = std::fs::canonicalize(into).or_else(|_| std::path::absolute(into));
    found.map_or_else(
        |_| into.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

/// `NAME`, or `NAME=NEW`.
fn selection(text: &str) -> Result<Selection> {
    let (name, new_name) = match text.split_once('=') {
        Some((name, new)) => (name, Some(new)),
        None => (text, None),
    };
    if name.is_empty() || new_name.is_some_and(str::is_empty) {
        return Err(Error::new(
            Kind::BadRequest,
            "usage",
            format!("--only {text}: a name is missing"),
        )
        .hint("write --only NAME, or --only NAME=NEW"));
    }
    Ok(Selection {
        name: name.to_owned(),
        new_name: new_name.map(str::to_owned),
    })
}

fn show(preview: &Preview) {
    println!("backup     {}  {:.0}", preview.backup, preview.taken_at);
    println!("reads      {}", print::size(preview.size));
    list("parts", &preview.parts);
    if let Some(directory) = &preview.directory {
        println!("directory  {directory}");
    }
    list("commands", &preview.commands);
    list("steps", &preview.steps);
}

fn list(title: &str, lines: &[String]) {
    for (at, line) in lines.iter().enumerate() {
        let title = if at == 0 { title } else { "" };
        println!("{title:<9}  {}", print::plain(line));
    }
}

/// The summary, and the exit code that goes with it.
fn tell(options: &Options, report: &RestoreReport, interrupted: Option<ExitCode>) -> ExitCode {
    if options.json {
        let mut object = serde_json::json!(report);
        if let Some(error) = &report.error {
            object["error"] = print::object(error);
        }
        println!("{object}");
    } else {
        report.parts.iter().for_each(part);
    }
    match &report.error {
        None => ExitCode::SUCCESS,
        Some(error) => {
            if !options.json {
                print::error(options, error);
            }
            interrupted.unwrap_or_else(|| exit::code(error))
        }
    }
}

fn part(outcome: &Outcome) {
    let name = print::plain(&outcome.name);
    match &outcome.error {
        None => println!("restored  {name}  {}", print::plain(&outcome.note)),
        Some(error) => println!("FAILED    {name}  {}", print::plain(&error.message)),
    }
}
