//! `sidecar serve`: the HTTP API and the schedule; the container runs it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::options::Options;
use super::signals::Signals;
use super::{exit, print, server};
use crate::error::{Error, Kind, Result};
use crate::frontend::http::HttpServer;
use crate::service::{Jobs, Service, SystemClock};

/// How long notifications about a run that the shutdown has stopped may take.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let service = Arc::new(Service::new(options.load()?)?);
    if let Some(code) = refused(options, &service) {
        return Ok(code);
    }
    let runtime = server::event_loop()?;
    let served = runtime.block_on(serve(service.clone()));
    // Tasks that still wait for a disk or a client must not delay the exit.
    runtime.shutdown_background();
    service.finish_notifying(NOTIFY_TIMEOUT);
    served?;
    Ok(server::exit_code())
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
    let signals = Signals::watch()?;
    let jobs = Arc::new(Jobs::new(service.clone()));
    let http = HttpServer::new(jobs.clone())?;
    let listener = server::bind(&service.config().app.listen).await?;
    tokio::select! {
        () = http.serve(listener, server::stop(signals)) => Ok(()),
        never = jobs.run_schedule(&SystemClock) => match never {},
        never = jobs.run_drills(&SystemClock) => match never {},
        never = jobs.collect_lost_processes() => match never {},
    }
}
