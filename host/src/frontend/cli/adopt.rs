//! `sidecar adopt`: takes over a store whose owner is another sidecar.

use std::process::ExitCode;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print;
use super::print::outln;
use crate::error::{Error, Kind, Result};
use crate::service::{Adoption, Service};

/// Arguments of `sidecar adopt`.
#[derive(Debug, Args)]
pub(super) struct AdoptArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// The store's name in the configuration
    #[arg(value_name = "STORE")]
    store: String,
    /// Take over the backups of this sidecar, not of the store's last owner (the beginning of its id)
    #[arg(long, value_name = "ID")]
    from: Option<String>,
}

pub(super) fn run(options: &Options, args: &AdoptArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    if args.from.is_some() && !service.members().is_empty() {
        let message = "each strategy has an owner of its own in a store: --from names one";
        return Err(Error::new(Kind::BadRequest, "usage", message).hint("add --strategy NAME"));
    }
    for one in service.all() {
        let adoption = one.adopt(&args.store, args.from.as_deref())?;
        match (options.json, &one.config().member) {
            (true, _) => outln!("{}", serde_json::json!(adoption)),
            (false, Some(name)) => text(&adoption, &format!("{} of {name}", adoption.store)),
            (false, None) => text(&adoption, &adoption.store),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(adoption: &Adoption, store: &str) {
    match &adoption.was {
        Some(was) => outln!("store {store} was of {}", print::plain(was)),
        None => outln!("store {store} had no owner"),
    }
    for (owner, backups) in &adoption.taken_over {
        outln!("taken over from {owner}: {backups} backups");
    }
    if adoption.without_owner > 0 {
        outln!(
            "taken over without an owner: {} backups",
            adoption.without_owner
        );
    }
    for (owner, backups) in &adoption.left {
        outln!("left to {owner}: {backups} backups; while they lie there, nothing is deleted");
    }
    outln!("its owner is {} now: this sidecar", adoption.owner);
}
