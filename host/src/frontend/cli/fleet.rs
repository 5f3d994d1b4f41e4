//! `sidecar fleet`: one page for many sidecars.

use std::process::ExitCode;
use std::sync::Arc;

use super::options::Options;
use super::server;
use super::signals::Signals;
use crate::config::{self, Environment, FleetConfig};
use crate::error::Result;
use crate::fleet::Fleet;
use crate::frontend::http::FleetServer;

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let config = config::load_fleet(options.config.as_deref(), &Environment::of_process())?;
    let runtime = server::event_loop()?;
    let served = runtime.block_on(serve(&config));
    // Questions that are on their way must not delay the exit.
    runtime.shutdown_background();
    served?;
    Ok(server::exit_code())
}

async fn serve(config: &FleetConfig) -> Result<()> {
    let signals = Signals::watch()?;
    let fleet = Arc::new(Fleet::new(config)?);
    let http = FleetServer::new(config, fleet.clone())?;
    let listener = server::bind(&config.listen).await?;
    tokio::select! {
        () = http.serve(listener, server::stop(signals)) => {}
        () = fleet.watch() => {}
    }
    Ok(())
}
