//! `sidecar serve`: the HTTP API and the schedule; the container runs it.
//!
//! Each configuration that comes into force has a generation of its own: a service, its jobs and its API, on the one
//! server of all. The next one takes over when no run is in progress; responses of the one before are completed. Who may
//! come in waits for no run.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{spawn, spawn_blocking};
use tokio::time::timeout;

use super::options::Options;
use super::reload::{self, Reloads};
use super::signals::Signals;
use super::{exit, print, server};
use crate::config::Listen;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::{HttpApi, HttpServer};
use crate::service::{Jobs, RunHandle, Service, SystemClock};

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
    let mut reloads = Reloads::watch(service.config().files()).await?;
    let mut current = Generation::new(service)?;
    let server = HttpServer::new(current.api.served());
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
            next = current.successor(options, &mut reloads, &server) => next,
            never = &mut starts => match never {},
            never = current.api.clean_up() => match never {},
            never = current.jobs.collect_lost_processes() => match never {},
        };
        server.replace(next.api.served());
        std::mem::replace(&mut current, next).leave(starts);
        reloads
            .follow(current.jobs.service().config().files())
            .await;
        reload::in_force();
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
    async fn successor(
        &self,
        options: &Options,
        reloads: &mut Reloads,
        server: &HttpServer,
    ) -> Self {
        let mut next: Option<Self> = None;
        loop {
            tokio::select! {
                () = reloads.next() => {
                    if let Some(read) = self.read_next(options).await {
                        self.announce(next.as_ref().unwrap_or(self), &read, server);
                        next = Some(read);
                    }
                }
                () = self.jobs.idle(), if next.is_some() => {
                    if let Some(next) = next.take() {
                        return next;
                    }
                }
            }
        }
    }

    /// Says what `next` waits for, and lets in at once whom it lets in, and no one else. `last` is the one that was read
    /// before it.
    fn announce(&self, last: &Self, next: &Self, server: &HttpServer) {
        // Also without a run: one could be started with a token that was removed.
        if !last.lets_in_like(next) {
            server.replace(self.api.letting_in(&next.api).served());
            for before in [self, last] {
                before.api.lets_in_no_more();
            }
            tracing::info!("the new tokens and grants are in force, and no other");
        }
        let run = self.jobs.follow().borrow().run.as_ref().map(RunHandle::run);
        let Some(run) = run.filter(|run| !run.state.is_over()) else {
            return;
        };
        let id = run.id;
        let hint = format!("`DELETE /backup/jobs/{id}` ends it");
        tracing::info!(
            run = id,
            hint,
            "the new configuration waits for the run in progress"
        );
    }

    /// Whether both let in the same tokens and people.
    fn lets_in_like(&self, other: &Self) -> bool {
        let [own, other] = [self, other].map(|one| one.jobs.service().config());
        (&own.secrets, &own.app.oidc) == (&other.secrets, &other.app.oidc)
    }

    /// What is wrong with it is logged.
    async fn read_next(&self, options: &Options) -> Option<Self> {
        let (options, listen) = (options.clone(), self.listen().clone());
        let errors = match spawn_blocking(move || read_again(&options, &listen)).await {
            Ok(Ok(next)) => return Some(next),
            Ok(Err(errors)) => errors,
            Err(error) => vec![Arc::new(Error::run("internal", error.to_string()))],
        };
        errors.iter().for_each(|error| reload::refused(error));
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
    reload::require_same_address(&service.config().app.listen, listen).map_err(one)?;
    match fatal_errors(&service) {
        fatal if fatal.is_empty() => Generation::new(service).map_err(one),
        fatal => Err(fatal),
    }
}
