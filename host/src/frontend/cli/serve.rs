//! `sidecar serve`: the HTTP API and the schedule; the container runs it.
//!
//! Each configuration that comes into force has a generation of its own: a service, its jobs and its API, on the one
//! server of all. The next one takes over when no run is in progress; responses of the one before are completed.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{spawn, spawn_blocking};
use tokio::time::timeout;

use super::options::Options;
use super::reload::Reloads;
use super::signals::Signals;
use super::{exit, print, server};
use crate::config::Listen;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::{HttpApi, HttpServer};
use crate::service::{Jobs, Service, SystemClock};

/// How long notifications about a run that the shutdown has stopped may take.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(3);
/// How long what a generation has begun may take after its end: notifications, leases that are given back.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let service = Service::new(options.load()?)?;
    let fatal = fatal_errors(&service);
    if let Some(first) = fatal.first() {
        fatal.iter().for_each(|error| print::error(options, error));
        return Ok(exit::code(first));
    }
    let runtime = server::event_loop()?;
    let served = runtime.block_on(serve(options, service));
    // Tasks that still wait for a disk or a client must not delay the exit.
    runtime.shutdown_background();
    served?.finish_notifying(NOTIFY_TIMEOUT);
    Ok(server::exit_code())
}

/// What only the operator can correct. Other errors, such as a folder that is not mounted yet, are logged.
fn fatal_errors(service: &Service) -> Vec<Arc<Error>> {
    let is_fatal = |error: &Arc<Error>| matches!(error.kind(), Kind::Config | Kind::Denied);
    let errors = service.check().errors.into_iter();
    let (fatal, passing): (Vec<_>, Vec<_>) = errors.partition(is_fatal);
    for error in passing {
        let (code, hint) = (error.code(), error.hint_text());
        tracing::error!(code, hint, "not ready: {error}");
    }
    fatal
}

/// Serves until a signal comes. The service that was the last in force.
async fn serve(options: &Options, service: Service) -> Result<Arc<Service>> {
    let signals = Signals::watch()?;
    let mut reloads = Reloads::watch(service.config()).await?;
    let mut current = Generation::new(service)?;
    let server = HttpServer::new(&current.api);
    let listener = server::bind(current.listen()).await?;
    let serving = server.serve(&listener, server::stop(signals));
    tokio::pin!(serving);
    loop {
        let mut starts = Box::pin(current.starts());
        let next = tokio::select! {
            (reason, open) = &mut serving => {
                tokio::select! {
                    () = current.api.stop(reason, open) => {}
                    never = &mut starts => match never {},
                }
                return Ok(current.jobs.service().clone());
            }
            next = current.successor(options, &mut reloads) => next,
            never = &mut starts => match never {},
            never = current.api.clean_up() => match never {},
            never = current.jobs.collect_lost_processes() => match never {},
        };
        server.replace(&next.api);
        std::mem::replace(&mut current, next).leave(starts);
        reloads.follow(current.jobs.service().config()).await;
        tracing::info!("the new configuration is in force");
    }
}

/// A configuration in force.
struct Generation {
    jobs: Arc<Jobs>,
    api: HttpApi,
}

impl Generation {
    fn new(service: Service) -> Result<Self> {
        let jobs = Arc::new(Jobs::new(Arc::new(service)));
        let api = HttpApi::new(jobs.clone())?;
        Ok(Self { jobs, api })
    }

    fn listen(&self) -> &Listen {
        &self.jobs.service().config().app.listen
    }

    /// Starts what the schedules name, until it is dropped.
    fn starts(&self) -> impl Future<Output = Infallible> + Send + use<> {
        let jobs = self.jobs.clone();
        async move {
            tokio::select! {
                never = jobs.run_schedule(&SystemClock) => never,
                never = jobs.run_drills(&SystemClock) => never,
            }
        }
    }

    /// Waits for the next one: it was read and found good, and no run of this one is in progress.
    async fn successor(&self, options: &Options, reloads: &mut Reloads) -> Self {
        let mut next = None;
        loop {
            tokio::select! {
                () = reloads.next() => next = self.read_next(options).await,
                () = self.jobs.idle(), if next.is_some() => {
                    if let Some(next) = next.take() {
                        return next;
                    }
                }
            }
        }
    }

    /// What is wrong with it is logged.
    async fn read_next(&self, options: &Options) -> Option<Self> {
        let (options, listen) = (options.clone(), self.listen().clone());
        let errors = match spawn_blocking(move || read_again(&options, &listen)).await {
            Ok(Ok(next)) => return Some(next),
            Ok(Err(errors)) => errors,
            Err(error) => vec![Arc::new(Error::run("internal", error.to_string()))],
        };
        for error in errors {
            let (code, hint) = (error.code(), error.hint_text());
            tracing::error!(
                code,
                hint,
                "the new configuration is refused, the one before stays in force: {error}"
            );
        }
        None
    }

    /// What it has begun ends in the background, a run that a late request has started included.
    fn leave(self, starts: impl Future<Output = Infallible> + Send + 'static) {
        spawn(async move {
            self.jobs.close_idle().await;
            // Leases of the schedule are given back.
            let _ = timeout(LEAVE_TIMEOUT, starts).await;
            let notified = move || self.jobs.service().finish_notifying(LEAVE_TIMEOUT);
            spawn_blocking(notified).await
        });
    }
}

/// Reads the configuration again. `listen` is where the server listens already.
fn read_again(options: &Options, listen: &Listen) -> Result<Generation, Vec<Arc<Error>>> {
    let one = |error| vec![Arc::new(error)];
    let service = options.load().and_then(Service::new).map_err(one)?;
    let asked = &service.config().app.listen;
    if (&asked.host, asked.port) != (&listen.host, listen.port) {
        let message = "app.host and app.port are others, where a running server does not move to";
        let error = Error::new(Kind::Config, "address-fixed", message);
        return Err(one(
            error.hint("start the sidecar again, or leave them as they were")
        ));
    }
    match fatal_errors(&service) {
        fatal if fatal.is_empty() => Generation::new(service).map_err(one),
        fatal => Err(fatal),
    }
}
