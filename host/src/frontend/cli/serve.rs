//! `sidecar serve`: the HTTP API and the schedule; the container runs it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::options::Options;
use super::{exit, print, signals};
use crate::config::App;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::HttpServer;
use crate::service::{Jobs, Service, SystemClock};

/// Threads for connections; each run has one of its own.
const SERVER_THREADS: usize = 2;

/// How long notifications about a run that the shutdown has stopped may take.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let service = Arc::new(Service::new(options.load()?)?);
    if let Some(code) = refused(options, &service) {
        return Ok(code);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(SERVER_THREADS)
        .enable_all()
        .build()
        .map_err(|error| {
            Error::run("no-thread", format!("cannot start the event loop: {error}"))
        })?;
    let served = runtime.block_on(serve(service.clone()));
    // Tasks that still wait for a disk or a client must not delay the exit.
    runtime.shutdown_background();
    service.finish_notifying(NOTIFY_TIMEOUT);
    served?;
    Ok(signals::exit_code().unwrap_or(ExitCode::SUCCESS))
}

/// Errors that only the operator can correct end the server before it starts; others, such as a folder
/// that is not mounted yet, are logged.
fn refused(options: &Options, service: &Service) -> Option<ExitCode> {
    let report = service.check();
    let fatal = |error: &Error| matches!(error.kind(), Kind::Config | Kind::Denied);
    let mut code = None;
    for error in &report.errors {
        if fatal(error) {
            print::error(options, error);
            code.get_or_insert(exit::code(error));
        } else {
            tracing::error!(
                code = error.code(),
                hint = error.hint_text(),
                "not ready: {error}"
            );
        }
    }
    code
}

async fn serve(service: Arc<Service>) -> Result<()> {
    let mut signals = signals::Signals::watch()?;
    let jobs = Arc::new(Jobs::new(service.clone()));
    let server = HttpServer::new(jobs.clone())?;
    let listener = listen(&service.config().app).await?;
    let address = listener
        .local_addr()
        .map_err(|error| cannot_listen("a new socket", error))?;
    tracing::info!(%address, "listening");
    let stop = async move {
        let reason = signals.next().await;
        tracing::info!("stopping");
        tokio::spawn(async move {
            signals.next().await;
            // The watchdog ends every process that the sidecar has started.
            std::process::exit(signals::status().unwrap_or(1).into());
        });
        reason
    };
    tokio::select! {
        () = server.serve(listener, stop) => Ok(()),
        never = jobs.run_schedule(&SystemClock) => match never {},
        never = jobs.run_drills(&SystemClock) => match never {},
        never = jobs.collect_lost_processes() => match never {},
    }
}

async fn listen(app: &App) -> Result<TcpListener> {
    let bound = TcpListener::bind((app.host.as_str(), app.port)).await;
    bound.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another program listens there: stop it, or set another app.port",
            std::io::ErrorKind::PermissionDenied => "ports below 1024 are for root: set app.port to a higher one",
            std::io::ErrorKind::AddrNotAvailable => "no network interface has that address: set app.host to 0.0.0.0 or to one that exists",
            _ => "check app.host and app.port",
        };
        let address = format!("{}:{}", app.host, app.port);
        cannot_listen(&address, error).hint(hint)
    })
}

fn cannot_listen(address: &str, error: std::io::Error) -> Error {
    Error::run(
        "cannot-listen",
        format!("cannot listen on {address}: {error}"),
    )
    .caused_by(error)
}
