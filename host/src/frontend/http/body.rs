//! Streamed bodies: a task reads, the connection sends. A body that is not ended explicitly breaks the
//! connection, so that no client takes half an artifact for a whole one.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::http::HeaderMap;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::{mpsc, oneshot};

use super::body_buffers::{BodyBuffers, CHUNK_SIZE};

/// The end of the channel that the connection reads.
pub(super) struct StreamBody {
    frames: mpsc::Receiver<BodyFrame>,
    /// In bytes, if it is known.
    size: Option<u64>,
    sent: u64,
    ended: bool,
    /// Tells the task what the connection has taken.
    report: Option<oneshot::Sender<Transfer>>,
}

/// The end of the channel that the task writes.
pub(super) struct BodySender {
    frames: mpsc::Sender<BodyFrame>,
    report: oneshot::Receiver<Transfer>,
    buffers: BodyBuffers,
}

/// What the connection has taken when it is done with the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Transfer {
    /// Bytes.
    pub(super) bytes: u64,
    /// Whether that was all of the body, with its end.
    pub(super) complete: bool,
}

/// The client has closed the connection.
#[derive(Debug)]
pub(super) struct Disconnected;

enum BodyFrame {
    Bytes(Bytes),
    End(Option<HeaderMap>),
}

/// A body of `size` bytes; of any size, in chunks, if that is not known.
pub(super) fn body_channel(size: Option<u64>) -> (BodySender, StreamBody) {
    let (sender, receiver) = mpsc::channel(1);
    let (report, reported) = oneshot::channel();
    let sender = BodySender {
        frames: sender,
        report: reported,
        buffers: BodyBuffers::default(),
    };
    let body = StreamBody {
        frames: receiver,
        size,
        sent: 0,
        ended: false,
        report: Some(report),
    };
    (sender, body)
}

impl BodySender {
    /// Waits until the connection can take more.
    pub(super) async fn send(&self, bytes: impl Into<Bytes>) -> Result<(), Disconnected> {
        let frame = BodyFrame::Bytes(bytes.into());
        self.frames.send(frame).await.map_err(|_| Disconnected)
    }

    /// Reads `length` bytes of `file`, at most [`CHUNK_SIZE`], to be sent.
    pub(super) async fn read(
        &self,
        file: &Arc<File>,
        position: u64,
        length: u64,
    ) -> Result<Bytes, Disconnected> {
        let length = CHUNK_SIZE.min(length) as usize;
        let read = self.buffers.read(file, position, length).await;
        read.map_err(|error| {
            tracing::error!(%error, "cannot read an artifact that is being sent");
            Disconnected
        })
    }

    /// Sends the bytes of `file` in `range`.
    pub(super) async fn send_file(
        &self,
        file: &Arc<File>,
        range: Range<u64>,
    ) -> Result<(), Disconnected> {
        let mut position = range.start;
        while position < range.end {
            let bytes = self.read(file, position, range.end - position).await?;
            position += bytes.len() as u64;
            self.send(bytes).await?;
        }
        Ok(())
    }

    /// Ends the body. Returns once the connection is done with it.
    pub(super) async fn end(self, trailers: Option<HeaderMap>) -> Transfer {
        // With a known size, the connection does not wait for the end.
        let _ = self.frames.send(BodyFrame::End(trailers)).await;
        self.report.await.unwrap_or_default()
    }

    /// Breaks the connection. Returns what it has taken.
    pub(super) async fn abort(self) -> Transfer {
        drop(self.frames);
        self.report.await.unwrap_or_default()
    }

    /// Returns when the client has closed the connection.
    pub(super) async fn disconnected(&self) {
        self.frames.closed().await;
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.frames.poll_recv(context)) {
            Some(BodyFrame::Bytes(bytes)) => {
                self.sent += bytes.len() as u64;
                Some(Ok(Frame::data(bytes)))
            }
            Some(BodyFrame::End(trailers)) => {
                self.ended = true;
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
            None => Some(Err(io::Error::other("the body was not ended"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.size == Some(self.sent)
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.size.map(|size| size - self.sent);
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        let transfer = Transfer {
            bytes: self.sent,
            complete: self.is_end_stream(),
        };
        if let Some(report) = self.report.take() {
            // A task that has ended does not receive it.
            let _ = report.send(transfer);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn an_end_brings_the_trailers() {
        let (sender, body) = body_channel(None);
        let task = tokio::spawn(async move {
            sender.send("abc").await.unwrap();
            sender
                .end(Some(
                    [(super::super::headers::X_SIZE, 3.into())]
                        .into_iter()
                        .collect(),
                ))
                .await
        });
        let collected = body.collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-size"], "3");
        assert_eq!(collected.to_bytes(), "abc");
        let all = Transfer {
            bytes: 3,
            complete: true,
        };
        assert_eq!(task.await.unwrap(), all);
    }

    #[tokio::test]
    async fn a_task_that_ends_early_is_an_error_of_the_body() {
        for size in [None, Some(10)] {
            let (sender, body) = body_channel(size);
            let task = tokio::spawn(async move {
                sender.send("abc").await.unwrap();
                sender.abort().await
            });
            assert!(body.collect().await.is_err());
            let half = Transfer {
                bytes: 3,
                complete: false,
            };
            assert_eq!(task.await.unwrap(), half);
        }
    }

    #[tokio::test]
    async fn a_known_size_needs_no_explicit_end() {
        let (sender, mut body) = body_channel(Some(3));
        let task = tokio::spawn(async move {
            sender.send("abc").await.unwrap();
            sender.end(None).await
        });
        body.frame().await.unwrap().unwrap();
        assert!(body.is_end_stream());
        drop(body);
        let all = Transfer {
            bytes: 3,
            complete: true,
        };
        assert_eq!(task.await.unwrap(), all);
    }

    #[tokio::test]
    async fn a_slow_client_holds_the_task_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..CHUNK_SIZE as u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(&path, &content).unwrap();
        let file = Arc::new(File::open(path).unwrap());
        let (sender, mut body) = body_channel(None);
        let size = content.len() as u64;
        let task =
            tokio::spawn(async move { sender.send_file(&file, 7..size).await.map_err(|_| sender) });
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, content[7..7 + CHUNK_SIZE as usize]);
        drop(body);
        assert!(
            task.await.unwrap().is_err(),
            "it goes no further than the client"
        );
    }
}
