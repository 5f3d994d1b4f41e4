//! `sidecar module lock`: what the operator accepts of each module.

use std::process::ExitCode;

use clap::Args;

use super::{Options, print};
use crate::error::{Error, Kind, Result};
use crate::service::{Locked, Service};

/// Whether to accept.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Accept what has changed
    #[arg(long)]
    accept: bool,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let locked = Service::new(options.load()?)?.lock(arguments.accept)?;
    if options.json {
        println!("{}", serde_json::json!(locked));
    } else {
        text(&locked);
    }
    if locked.accepted {
        return Ok(ExitCode::SUCCESS);
    }
    let message = format!("{} says something else", locked.file.display());
    let error = Error::new(Kind::Denied, "module-not-accepted", message)
        .hint("if all of this is wanted: `sidecar module lock --accept`");
    if !options.json {
        print::error(options, &error);
    }
    Ok(super::exit::code(&error))
}

fn text(locked: &Locked) {
    let mut module = None;
    for change in &locked.changes {
        if module != Some(&change.module) {
            println!("{}", change.module);
            module = Some(&change.module);
        }
        println!("  {}", print::plain(&change.what));
    }
    match (locked.accepted, locked.changes.is_empty()) {
        (true, true) => println!("{}: nothing has changed", locked.file.display()),
        (true, false) => println!("accepted in {}", locked.file.display()),
        (false, _) => {}
    }
}
