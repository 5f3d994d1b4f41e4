//! The API of a sidecar, and its server, which outlives it when the configuration changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::accept::{ConnectionContext, serve_until};
use super::state::ApiState;
use super::{router, tls};
use crate::cancel::Reason;
use crate::error::Result;
use crate::service::{Job, Jobs, PostState};

/// How long a stopping server waits for its run and its connections.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(1700);
/// How much longer it waits for a strategy whose `post` has to run.
const STRATEGY_TIMEOUT: Duration = Duration::from_secs(5);
/// Time between two removals of artifacts that were not fetched in time.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The API of a configuration, ready to be served.
pub struct HttpApi {
    app: Arc<ApiState>,
    context: ConnectionContext,
}

impl HttpApi {
    /// An API of these jobs. Fails when the certificate cannot be used.
    pub fn new(jobs: Arc<Jobs>) -> Result<Self> {
        let tls = jobs.service().config().app.listen.tls.as_ref();
        let tls = tls.map(tls::acceptor).transpose()?;
        let app = Arc::new(ApiState::new(jobs));
        let router = router::router(app.clone());
        Ok(Self {
            app,
            context: ConnectionContext { router, tls },
        })
    }

    /// For a server.
    pub fn served(&self) -> Served {
        Served(self.context.clone())
    }

    /// The same jobs, for those whom `other` lets in.
    pub fn letting_in(&self, other: &Self) -> Self {
        let app = Arc::new(self.app.letting_in(&other.app));
        let router = router::router(app.clone());
        let tls = self.context.tls.clone();
        Self {
            app,
            context: ConnectionContext { router, tls },
        }
    }

    /// Others decide now who may come in: streams of those that this one has let in end.
    pub fn lets_in_no_more(&self) {
        self.app.sign_in.replace();
    }

    /// Removes artifacts that were not fetched in time, until it is dropped.
    pub async fn clean_up(&self) -> Infallible {
        clean_up(self.app.clone()).await
    }

    /// The run in progress is stopped, and responses may be completed, as long as that takes less than two seconds;
    /// only `post` may take longer.
    pub async fn stop(&self, reason: Reason, open: RemainingConnections) {
        let run = self.app.jobs.close(reason);
        let over = async {
            if let Some(run) = &run {
                run.over().await;
            }
        };
        let all = async { tokio::join!(over, open.0.shutdown()) };
        if timeout(SHUTDOWN_TIMEOUT, all).await.is_err() {
            tracing::warn!("stopping before every connection has ended");
        }
        if let Some(run) = run {
            wait_for_post(&run).await;
        }
    }
}

/// What a server answers by: an API, or the page of a fleet.
pub struct Served(pub(super) ConnectionContext);

/// Answers requests by what is in force.
pub struct HttpServer(watch::Sender<ConnectionContext>);

impl HttpServer {
    /// A server of this.
    pub fn new(served: Served) -> Self {
        Self(watch::Sender::new(served.0))
    }

    /// The next requests, of connections that are open too, are answered by this one.
    pub fn replace(&self, served: Served) {
        self.0.send_replace(served.0);
    }

    /// Serves until `stop` ends. What it ended with, and the connections that are still open.
    pub async fn serve<T>(
        &self,
        listener: &TcpListener,
        stop: impl Future<Output = T>,
    ) -> (T, RemainingConnections) {
        let (end, open) = serve_until(listener, self.0.subscribe(), stop).await;
        (end, RemainingConnections(open))
    }
}

/// Connections that are still open where no more are accepted.
pub struct RemainingConnections(GracefulShutdown);

impl RemainingConnections {
    /// Waits until they have ended, or too long.
    pub async fn shut_down(self) {
        if timeout(SHUTDOWN_TIMEOUT, self.0.shutdown()).await.is_err() {
            tracing::warn!("stopping before every connection has ended");
        }
    }
}

/// Waits until the `post` of a stopped run has ended. It has a limit of its own; if the sidecar is killed
/// before, its next start runs it.
async fn wait_for_post(run: &Job) {
    if run.post() == PostState::Owed && timeout(STRATEGY_TIMEOUT, run.stopped()).await.is_err() {
        tracing::warn!("the strategy does not end: the next start of the sidecar runs its post");
    }
    if run.post() == PostState::Running {
        tracing::info!("waiting for post");
        run.over().await;
    }
}

/// Removes artifacts that were not fetched in time, as long as the server runs.
async fn clean_up(app: Arc<ApiState>) -> Infallible {
    loop {
        sleep(CLEANUP_INTERVAL).await;
        // A failure is in the log, and is tried again.
        let _ = app
            .blocking(|app| {
                app.jobs.service().history().catch_up();
                app.jobs.service().remove_expired();
            })
            .await;
    }
}
