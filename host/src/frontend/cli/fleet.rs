//! `sidecar fleet`: one page for many sidecars.
//!
//! Each configuration that comes into force has a generation of its own, as in `sidecar serve`; there are no runs to wait for.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::options::Options;
use super::reload::{self, Reloads};
use super::server;
use super::signals::Signals;
use crate::config::{self, Environment, FleetConfig, Listen};
use crate::error::{Error, Result};
use crate::fleet::Fleet;
use crate::frontend::http::{FleetPage, HttpServer};

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let first = FleetGeneration::read(options)?;
    let runtime = server::event_loop()?;
    let served = runtime.block_on(serve(options, first));
    // Questions that are on their way must not delay the exit.
    runtime.shutdown_background();
    served?;
    Ok(server::exit_code())
}

/// Serves until a signal comes.
async fn serve(options: &Options, mut current: FleetGeneration) -> Result<()> {
    let signals = Signals::watch()?;
    let mut reloads = Reloads::watch(current.config.files.clone()).await?;
    let server = HttpServer::new(current.page.served());
    let listener = server::bind(&current.config.listen).await?;
    let serving = server.serve(&listener, server::stop(signals));
    tokio::pin!(serving);
    loop {
        let next = tokio::select! {
            (_, open) = &mut serving => {
                current.fleet.close();
                open.shut_down().await;
                return Ok(());
            }
            () = current.fleet.watch() => return Ok(()),
            next = current.successor(options, &mut reloads) => next,
        };
        next.fleet.follow(&current.fleet);
        server.replace(next.page.served());
        std::mem::replace(&mut current, next).fleet.close();
        reloads.follow(current.config.files.clone()).await;
        reload::in_force();
    }
}

/// A configuration in force.
struct FleetGeneration {
    config: FleetConfig,
    fleet: Arc<Fleet>,
    page: FleetPage,
}

impl FleetGeneration {
    fn read(options: &Options) -> Result<Self> {
        let environment = Environment::of_process();
        let config = config::load_fleet(options.config.as_deref(), &environment)?;
        let fleet = Arc::new(Fleet::new(&config)?);
        let page = FleetPage::new(&config, &fleet)?;
        Ok(Self {
            config,
            fleet,
            page,
        })
    }

    /// Waits for the next one that can be used. What is wrong with others is logged.
    async fn successor(&self, options: &Options, reloads: &mut Reloads) -> Self {
        loop {
            reloads.next().await;
            let (options, listen) = (options.clone(), self.config.listen.clone());
            let read = spawn_blocking(move || read_again(&options, &listen)).await;
            let read = read.unwrap_or_else(|error| Err(Error::run("internal", error.to_string())));
            match read {
                Ok(next) => return next,
                Err(error) => reload::refused(&error),
            }
        }
    }
}

/// `listen` is where the server listens already.
fn read_again(options: &Options, listen: &Listen) -> Result<FleetGeneration> {
    let next = FleetGeneration::read(options)?;
    reload::require_same_address(&next.config.listen, listen)?;
    Ok(next)
}
