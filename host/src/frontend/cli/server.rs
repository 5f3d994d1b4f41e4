//! What every server of the command line has: an event loop, an address, and signals that end it.

use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::signals::{self, Signals};
use crate::cancel::Reason;
use crate::config::Listen;
use crate::error::{Error, Result};

/// Threads for connections; each run has one of its own.
const SERVER_THREADS: usize = 2;

/// The event loop of a server.
pub(super) fn event_loop() -> Result<Runtime> {
    let built = Builder::new_multi_thread()
        .worker_threads(SERVER_THREADS)
        .enable_all()
        .build();
    built.map_err(|error| Error::run("no-thread", format!("cannot start the event loop: {error}")))
}

/// Waits for the signal that ends the server. A second one ends the process at once.
pub(super) async fn stop(mut signals: Signals) -> Reason {
    let reason = signals.next().await;
    tracing::info!("stopping");
    tokio::spawn(async move {
        signals.next().await;
        // The watchdog ends every process that the sidecar has started.
        std::process::exit(signals::status().unwrap_or(1).into());
    });
    reason
}

/// How a server's program ends.
pub(super) fn exit_code() -> ExitCode {
    signals::exit_code().unwrap_or(ExitCode::SUCCESS)
}

/// Listens there, and says so in the log.
pub(super) async fn bind(listen: &Listen) -> Result<TcpListener> {
    let (host, port) = (listen.host.as_str(), listen.port);
    let bound = TcpListener::bind((host, port)).await;
    let listener = bound.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another program listens there: stop it, or set another app.port",
            std::io::ErrorKind::PermissionDenied => "ports below 1024 are for root: set app.port to a higher one",
            std::io::ErrorKind::AddrNotAvailable => "no network interface has that address: set app.host to 0.0.0.0 or to one that exists",
            _ => "check app.host and app.port",
        };
        cannot_listen(&format!("{host}:{port}"), error).hint(hint)
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| cannot_listen("a new socket", error))?;
    tracing::info!(%address, "listening");
    Ok(listener)
}

fn cannot_listen(address: &str, error: std::io::Error) -> Error {
    Error::run(
        "cannot-listen",
        format!("cannot listen on {address}: {error}"),
    )
    .caused_by(error)
}
