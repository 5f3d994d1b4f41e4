//! `sidecar restore`: restores a backup.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::outln;
use super::{exit, print, progress, signals};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::service::{
    FoundTarget, Order, PartOutcome, Preview, RestoreReport, RunRequest, Selection, Service,
};

/// Arguments of `sidecar restore`.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// The id of a backup, the beginning of one, "latest", or the file of a set from POST /backup/export
    #[arg(value_name = "ID|latest|FILE.zip")]
    which: String,
    /// Restore only this part (a database, or a glob of files), under a new name if one is given; an =
    /// in a name is written \=; may be repeated
    #[arg(long, value_name = "NAME[=NEW]")]
    only: Vec<String>,
    /// Restore into this server or directory, or the target of `restore.targets` with this name, instead of the
    /// original one
    #[arg(long, value_name = "URL|DIR|NAME")]
    into: Option<String>,
    /// Restore a whole set: all strategies, or those that --only names (`db`, `db/app1`, 'uploads/**')
    #[arg(long, conflicts_with = "strategy")]
    set: bool,
    /// Overwrite existing data
    #[arg(long)]
    replace: bool,
    /// Accept a consequence that --replace does not cover; a refusal names the word; may be repeated
    #[arg(long, value_name = "WORD")]
    accept: Vec<String>,
    /// How many seconds to wait for others to let go of what is replaced [default: 10]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    /// Print what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl RestoreArgs {
    fn order(&self, config: &Config) -> Result<Order> {
        let only = self.only.iter().map(|text| selection(text));
        Ok(Order {
            which: self.which.clone(),
            only: only.collect::<Result<_>>()?,
            into: self.into.as_deref().map(|into| target(config, into)),
            replace: self.replace,
            accept: self.accept.clone(),
            wait: self.wait.map(|wait| Duration::from_secs(wait.into())),
        })
    }
}

pub(super) fn run(options: &Options, args: &RestoreArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = match &args.of.strategy {
        None if args.set => with_members(&all)?,
        None => all.holding(&args.which)?,
        Some(name) => all.strategy(Some(name))?,
    };
    let order = args.order(service.config())?;
    if args.dry_run {
        let preview = service.preview_restore(&order)?;
        match options.json {
            true => outln!("{}", serde_json::json!(preview)),
            false => print_preview(&preview),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let request = RunRequest {
        strategy: args.of.strategy.clone(),
        ..RunRequest::restore(order.clone())
    };
    let job = Arc::new(service.job(request));
    signals::cancel_on_signal(job.cancel())?;
    let display = progress::show(options, &job);
    let done = service.restore(&job, &order);
    drop(display);
    finish(options, done)
}

fn with_members(service: &Service) -> Result<&Service> {
    match service.members().is_empty() {
        false => Ok(service),
        true => Err(Error::new(
            Kind::BadRequest,
            "usage",
            "there is one `strategy`: its backups are no sets",
        )
        .hint("leave --set out")),
    }
}

/// Prints the result of a restore or a drill, and returns its exit code.
pub(super) fn finish(options: &Options, done: Result<RestoreReport>) -> Result<ExitCode> {
    match (done, signals::exit_code()) {
        (Ok(report), code) => Ok(print_report(options, &report, code)),
        (Err(error), Some(code)) => {
            print::error(options, &error);
            Ok(code)
        }
        (Err(error), None) => Err(error),
    }
}

/// What the configuration has under that name; else a URL as it is, a directory as an absolute path without links.
fn target(config: &Config, into: &str) -> String {
    if let Some(target) = config.restore_target(into) {
        return target.to_owned();
    }
    if into.contains("://") {
        return into.to_owned();
    }
    let found = std::fs::canonicalize(into).or_else(|_| std::path::absolute(into));
    found.map_or_else(
        |_| into.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

/// `NAME`, or `NAME=NEW`; `\=` is part of a name.
fn selection(text: &str) -> Result<Selection> {
    let (name, new_name) = match separator(text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let unescaped = |name: &str| name.replace("\\=", "=");
    if name.is_empty() || new_name.is_some_and(str::is_empty) {
        return Err(Error::new(
            Kind::BadRequest,
            "usage",
            format!("--only {text}: a name is missing"),
        )
        .hint("write --only NAME, or --only NAME=NEW, and \\= for an = in a name"));
    }
    Ok(Selection {
        name: unescaped(name),
        new_name: new_name.map(unescaped),
        written_as_one: new_name.is_some() && !text.contains("\\="),
    })
}

/// Where the first `=` is that no backslash stands before.
fn separator(text: &str) -> Option<usize> {
    text.match_indices('=')
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with('\\'))
}

fn print_preview(preview: &Preview) {
    if !preview.members.is_empty() {
        outln!("set        {}  {:.0}", preview.backup, preview.taken_at);
        for member in &preview.members {
            outln!("{}", member.strategy.as_deref().unwrap_or_default());
            print_preview(member);
        }
        return;
    }
    outln!("backup     {}  {:.0}", preview.backup, preview.taken_at);
    outln!("reads      {}", print::size(preview.size));
    list("parts", &preview.parts);
    if let Some(directory) = &preview.directory {
        outln!("directory  {directory}");
    }
    list("targets", &targets(preview));
    list("commands", &preview.commands);
    list("files", &preview.read);
    list("variables", &preview.env);
    list("addresses", &preview.net);
    list("steps", &preview.steps);
}

/// What each part becomes, and what is there already.
fn targets(preview: &Preview) -> Vec<String> {
    let one = |target: &FoundTarget| {
        let FoundTarget { part, name, exists } = target;
        let there = if *exists { "exists" } else { "new" };
        format!("{part} -> {name}: {there}")
    };
    let unknown = preview.unknown.iter();
    let unknown = unknown.map(|why| format!("not known: {}", why.message));
    preview.targets.iter().map(one).chain(unknown).collect()
}

fn list(title: &str, lines: &[String]) {
    for (at, line) in lines.iter().enumerate() {
        let title = if at == 0 { title } else { "" };
        outln!("{title:<9}  {}", line.replace('\n', "\n           "));
    }
}

/// Prints the summary, and returns the exit code that goes with it.
fn print_report(
    options: &Options,
    report: &RestoreReport,
    interrupted: Option<ExitCode>,
) -> ExitCode {
    match options.json {
        true => outln!("{}", object(report)),
        false => parts(report),
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

/// A report as JSON, with its error.
pub(super) fn object(report: &RestoreReport) -> serde_json::Value {
    let mut object = serde_json::json!(report);
    if let Some(error) = &report.error {
        object["error"] = print::object(error);
    }
    object
}

/// A line for each part.
pub(super) fn parts(report: &RestoreReport) {
    report.parts.iter().for_each(part);
}

fn part(outcome: &PartOutcome) {
    let name = print::plain(&outcome.name);
    match &outcome.error {
        None => outln!("restored  {name}  {}", print::plain(&outcome.note)),
        Some(error) => outln!("FAILED    {name}  {}", print::plain(&error.message)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_equals_sign_with_a_backslash_is_part_of_a_name() {
        let names = |text| {
            let Selection {
                name,
                new_name,
                written_as_one,
            } = selection(text).unwrap();
            (name, new_name, written_as_one)
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(names("a"), ("a".into(), None, false));
        assert_eq!(names("a=b=c"), ("a".into(), some("b=c"), true));
        assert_eq!(names(r"a\=b"), ("a=b".into(), None, false));
        assert_eq!(names(r"a\=b=c\=d"), ("a=b".into(), some("c=d"), false));
        for text in ["", "=b", "a="] {
            assert_eq!(selection(text).unwrap_err().code(), "usage", "{text}");
        }
    }
}
