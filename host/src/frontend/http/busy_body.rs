//! A response's body that says when its last byte was handed over.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::connections::BusyConnection;

/// A body of a connection that is busy until this is dropped, if it had room for its request.
pub(super) struct BusyBody {
    body: Body,
    _busy: Option<BusyConnection>,
}

impl BusyBody {
    /// The same body.
    pub(super) fn of(body: Body, busy: Option<BusyConnection>) -> Self {
        Self { body, _busy: busy }
    }
}

impl HttpBody for BusyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
