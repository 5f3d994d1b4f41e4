//! Connections: accepting them, and letting them end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::{App, Peer, router, tls};
use crate::cancel::Reason;
use crate::error::Result;
use crate::service::Jobs;

/// How long a client may take for its headers, and how long it may keep an idle connection.
const HEADERS_WITHIN: Duration = Duration::from_secs(60);
/// Clients at the same time; more have to wait.
const CONNECTIONS: usize = 512;
/// How long a stopping server waits for its run and its connections.
const GRACE: Duration = Duration::from_millis(1700);
/// After a failure to accept: file descriptors may come back.
const BREATH: Duration = Duration::from_millis(100);

/// Between two looks at artifacts that nobody has fetched.
const TIDYING: Duration = Duration::from_secs(60);

/// Why the server has to stop.
pub type Stop = Reason;

/// The API, ready to be served.
pub struct Server {
    app: Arc<App>,
    tls: Option<TlsAcceptor>,
}

/// What a connection needs.
#[derive(Clone)]
struct Answering {
    router: Router,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// An API of these jobs. Fails when the certificate cannot be used.
    pub fn new(jobs: Arc<Jobs>) -> Result<Self> {
        let tls = jobs.service().config().app.tls.as_ref();
        Ok(Self {
            tls: tls.map(tls::acceptor).transpose()?,
            app: Arc::new(App::new(jobs)),
        })
    }

    /// Serves until `stop` ends; then the run in progress is stopped, and what is being answered may
    /// finish, as long as that takes less than two seconds.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = Stop>) {
        let answering = Answering {
            router: router::router(self.app.clone()),
            tls: self.tls,
        };
        let connections = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        tokio::spawn(tidy(self.app.clone()));
        tokio::pin!(stop);
        let reason = loop {
            tokio::select! {
                reason = &mut stop => break reason,
                (stream, place) = accept(&listener, &places) => {
                    tokio::spawn(converse(stream, place, answering.clone(), connections.watcher()));
                }
            }
        };
        drop(listener);
        let run = self.app.jobs.close(reason);
        let over = async {
            if let Some(run) = run {
                run.over().await;
            }
        };
        let all = async { tokio::join!(over, connections.shutdown()) };
        if timeout(GRACE, all).await.is_err() {
            tracing::warn!("stopping without waiting for everybody");
        }
    }
}

/// Removes what nobody has fetched in time, for as long as the server is there.
async fn tidy(app: Arc<App>) {
    loop {
        sleep(TIDYING).await;
        // Whatever went wrong is in the log, and is tried again.
        let _ = app
            .blocking(|app| {
                app.jobs.service().history().catch_up();
                app.jobs.service().remove_expired();
            })
            .await;
    }
}

/// The next client, once there is room for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await;
    let place = place.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(BREATH).await;
            }
        }
    }
}

/// Answers one client until one of both has enough.
async fn converse(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    answering: Answering,
    watcher: Watcher,
) {
    let Ok(address) = stream.peer_addr() else {
        return;
    };
    // Small pieces of a streamed body have to go out at once. If that cannot be set, they go later.
    let _ = stream.set_nodelay(true);
    let router = answering.router.layer(Extension(Peer(address.ip())));
    let Some(tls) = answering.tls else {
        return answer(stream, place, router, watcher).await;
    };
    match timeout(HEADERS_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => answer(stream, place, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    place: OwnedSemaphorePermit,
    router: Router,
    watcher: Watcher,
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let request: Request = request.map(axum::body::Body::new);
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
    drop(place);
}
