//! Connections: accepts them, and lets them end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::busy_body::BusyBody;
use super::connections::{ConnectionPlace, Connections};
use super::state::{ApiState, Peer};
use super::{router, tls};
use crate::cancel::Reason;
use crate::error::Result;
use crate::service::{Job, Jobs, PostState};

/// How long a client may take for its headers, and how long it may keep an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a stopping server waits for its run and its connections.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(1700);
/// How much longer it waits for a strategy whose `post` has to run.
const STRATEGY_TIMEOUT: Duration = Duration::from_secs(5);
/// Time after a failure to accept, in which file descriptors may become free.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two removals of artifacts that were not fetched in time.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The API, ready to be served.
pub struct HttpServer {
    app: Arc<ApiState>,
    tls: Option<TlsAcceptor>,
}

/// What every connection needs.
#[derive(Clone)]
struct ConnectionContext {
    router: Router,
    tls: Option<TlsAcceptor>,
}

impl HttpServer {
    /// An API of these jobs. Fails when the certificate cannot be used.
    pub fn new(jobs: Arc<Jobs>) -> Result<Self> {
        let tls = jobs.service().config().app.tls.as_ref();
        Ok(Self {
            tls: tls.map(tls::acceptor).transpose()?,
            app: Arc::new(ApiState::new(jobs)),
        })
    }

    /// Serves until `stop` ends; then the run in progress is stopped, and responses may be completed, as
    /// long as that takes less than two seconds; only `post` may take longer.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = Reason>) {
        let context = ConnectionContext {
            router: router::router(self.app.clone()),
            tls: self.tls,
        };
        let connections = GracefulShutdown::new();
        let places = Arc::new(Connections::default());
        tokio::spawn(clean_up(self.app.clone()));
        tokio::pin!(stop);
        let reason = loop {
            tokio::select! {
                reason = &mut stop => break reason,
                (stream, place) = accept(&listener, &places) => {
                    tokio::spawn(serve_client(stream, place, context.clone(), connections.watcher()));
                }
            }
        };
        drop(listener);
        let run = self.app.jobs.close(reason);
        let over = async {
            if let Some(run) = &run {
                run.over().await;
            }
        };
        let all = async { tokio::join!(over, connections.shutdown()) };
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

/// Waits for the next client, and for a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Connections>) -> (TcpStream, ConnectionPlace) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let place = places.admit(address.ip()).await;
                return (stream, place);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_RETRY_INTERVAL).await;
            }
        }
    }
}

/// Serves one client until one side closes the connection, or its place is needed while it waits.
async fn serve_client(
    stream: TcpStream,
    place: ConnectionPlace,
    context: ConnectionContext,
    watcher: Watcher,
) {
    let place = Arc::new(place);
    tokio::select! {
        () = serve_requests(stream, place.clone(), context, watcher) => {}
        () = place.needed() => tracing::debug!("a connection that waited was closed for another"),
    }
}

async fn serve_requests(
    stream: TcpStream,
    place: Arc<ConnectionPlace>,
    context: ConnectionContext,
    watcher: Watcher,
) {
    let Ok(address) = stream.peer_addr() else {
        return;
    };
    // Small parts of a streamed body have to be sent at once. If that cannot be set, they are sent later.
    let _ = stream.set_nodelay(true);
    let router = context.router.layer(Extension(Peer(address.ip())));
    let Some(tls) = context.tls else {
        return serve_connection(stream, place, router, watcher).await;
    };
    match timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_connection(stream, place, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    place: Arc<ConnectionPlace>,
    router: Router,
    watcher: Watcher,
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let request: Request = request.map(Body::new);
        let busy = place.busy();
        let answer = router.clone().call(request);
        async move {
            let response = answer.await;
            // Until the last byte was handed over.
            response.map(|response| response.map(|body| BusyBody::of(body, busy)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
}
