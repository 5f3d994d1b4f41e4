//! The API of a sidecar, from its start to the end of its run in progress.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
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

/// The API, ready to be served.
pub struct HttpServer {
    app: Arc<ApiState>,
    connections: ConnectionContext,
}

impl HttpServer {
    /// An API of these jobs. Fails when the certificate cannot be used.
    pub fn new(jobs: Arc<Jobs>) -> Result<Self> {
        let tls = jobs.service().config().app.listen.tls.as_ref();
        let tls = tls.map(tls::acceptor).transpose()?;
        let app = Arc::new(ApiState::new(jobs));
        let router = router::router(app.clone());
        Ok(Self {
            app,
            connections: ConnectionContext { router, tls },
        })
    }

    /// Serves until `stop` ends; then the run in progress is stopped, and responses may be completed, as
    /// long as that takes less than two seconds; only `post` may take longer.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = Reason>) {
        tokio::spawn(clean_up(self.app.clone()));
        let (reason, open) = serve_until(listener, self.connections, stop).await;
        let run = self.app.jobs.close(reason);
        let over = async {
            if let Some(run) = &run {
                run.over().await;
            }
        };
        let all = async { tokio::join!(over, open.shutdown()) };
        if timeout(SHUTDOWN_TIMEOUT, all).await.is_err() {
            tracing::warn!("stopping before every connection has ended");
        }
        if let Some(run) = run {
            wait_for_post(&run).await;
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
async fn clean_up(app: Arc<ApiState>) {
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
