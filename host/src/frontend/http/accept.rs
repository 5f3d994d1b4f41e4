//! Connections: accepts them until the server stops, each within its limits.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::busy_body::BusyBody;
use super::connections::{ConnectionPlace, Connections};
use super::error_response::ErrorResponse;
use super::health;
use super::request_body::read_body;
use super::state::Peer;

/// How long a client may take for its headers, and how long it may keep an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest head of a request, which the memory of a connection that waits has room for.
const MAX_HEADERS_SIZE: usize = 64 * 1024;
/// Time after a failure to accept, in which file descriptors may become free.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Seconds after which a client may come back that there was no room for.
const OVERLOADED_RETRY: u64 = 5;

/// What connections and requests are answered by.
#[derive(Clone)]
pub(super) struct ConnectionContext {
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
}

/// What is in force: another one may follow, for new connections and for the next request of those that are open.
pub(super) type InForce = watch::Receiver<ConnectionContext>;

/// Serves the clients of `listener` until `stop` ends. What it ended with, and the connections that are still open.
pub(super) async fn serve_until<T>(
    listener: &TcpListener,
    context: InForce,
    stop: impl Future<Output = T>,
) -> (T, GracefulShutdown) {
    let open = GracefulShutdown::new();
    let places = Arc::new(Connections::default());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            end = &mut stop => return (end, open),
            (stream, place) = accept(listener, &places) => {
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
    context: InForce,
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
    context: InForce,
    watcher: Watcher,
) {
    let Ok(address) = stream.peer_addr() else {
        return;
    };
    // Small parts of a streamed body have to be sent at once. If that cannot be set, they are sent later.
    let _ = stream.set_nodelay(true);
    let peer = Peer(address.ip());
    let tls = context.borrow().tls.clone();
    let Some(tls) = tls else {
        return serve_connection(stream, place, (context, peer), watcher).await;
    };
    match timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_connection(stream, place, (context, peer), watcher).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    place: Arc<ConnectionPlace>,
    (context, peer): (InForce, Peer),
    watcher: Watcher,
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        answer(request, context.borrow().router.clone(), place.clone())
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADERS_SIZE)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
}

/// A connection whose request has not come whole still waits: it may be closed for another one.
async fn answer(
    request: Request,
    mut router: Router,
    place: Arc<ConnectionPlace>,
) -> Result<Response<BusyBody>, Infallible> {
    let request = read_body(request).await;
    let is_health = |request: &Request| health::PATHS.contains(&request.uri().path());
    let busy = place.busy(request.as_ref().is_ok_and(is_health));
    let response = match request {
        Ok(request) if busy.is_some() => router.call(request).await?,
        Ok(_) => overloaded().into_response(),
        Err(refused) => refused.into_response(),
    };
    // Until the last byte was handed over.
    Ok(response.map(|body| BusyBody::of(body, busy)))
}

fn overloaded() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too-many-requests",
        "too many requests are being answered at the same time",
    )
    .hint(
        "try again in a moment; each download and each stream of events is a request until it ends",
    )
    .retry_after(OVERLOADED_RETRY)
}
