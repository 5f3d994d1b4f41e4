//! Connections: accepts them until the server stops, each within its limits.

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
use super::state::Peer;

/// How long a client may take for its headers, and how long it may keep an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// Time after a failure to accept, in which file descriptors may become free.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// What every connection needs.
#[derive(Clone)]
pub(super) struct ConnectionContext {
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
}

/// Serves the clients of `listener` until `stop` ends. What it ended with, and the connections that are still open.
pub(super) async fn serve_until<T>(
    listener: TcpListener,
    context: ConnectionContext,
    stop: impl Future<Output = T>,
) -> (T, GracefulShutdown) {
    let open = GracefulShutdown::new();
    let places = Arc::new(Connections::default());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            end = &mut stop => return (end, open),
            (stream, place) = accept(&listener, &places) => {
                tokio::spawn(serve_client(stream, place, context.clone(), open.watcher()));
            }
        }
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
