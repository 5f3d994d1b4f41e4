//! Bodies that flow: a task reads, the connection takes. What does not come to its good end breaks
//! the connection, so that no client takes half an artifact for a whole one.

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

use super::chunk::{CHUNK, Chunks};

/// The connection's end.
pub(super) struct Flow {
    pieces: mpsc::Receiver<Piece>,
    /// Bytes, if that is known.
    size: Option<u64>,
    given: u64,
    ended: bool,
    /// Tells the other end what was taken.
    taken: Option<oneshot::Sender<Taken>>,
}

/// The task's end.
pub(super) struct Feed {
    pieces: mpsc::Sender<Piece>,
    taken: oneshot::Receiver<Taken>,
    chunks: Chunks,
}

/// What the connection had taken when it was done with the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Bytes.
    pub(super) bytes: u64,
    /// Whether that was all, with its good end.
    pub(super) complete: bool,
}

/// The connection is gone.
#[derive(Debug)]
pub(super) struct Gone;

enum Piece {
    Bytes(Bytes),
    End(Option<HeaderMap>),
}

/// A body of `size` bytes; of any size, in chunks, if that is not known.
pub(super) fn flow(size: Option<u64>) -> (Feed, Flow) {
    let (sender, receiver) = mpsc::channel(1);
    let (taken, told) = oneshot::channel();
    let feed = Feed {
        pieces: sender,
        taken: told,
        chunks: Chunks::default(),
    };
    let flow = Flow {
        pieces: receiver,
        size,
        given: 0,
        ended: false,
        taken: Some(taken),
    };
    (feed, flow)
}

impl Feed {
    /// Waits until the connection can take more.
    pub(super) async fn send(&self, bytes: impl Into<Bytes>) -> Result<(), Gone> {
        let piece = Piece::Bytes(bytes.into());
        self.pieces.send(piece).await.map_err(|_| Gone)
    }

    /// Sends what `file` has in `range`.
    pub(super) async fn send_file(&self, file: &Arc<File>, range: Range<u64>) -> Result<(), Gone> {
        let mut position = range.start;
        while position < range.end {
            let length = CHUNK.min(range.end - position) as usize;
            let read = self.chunks.read(file, position, length).await;
            let bytes = read.map_err(|error| {
                tracing::error!(%error, "cannot read an artifact that is being sent");
                Gone
            })?;
            self.send(bytes).await?;
            position += length as u64;
        }
        Ok(())
    }

    /// The good end. Returns once the connection is done with the body.
    pub(super) async fn end(self, trailers: Option<HeaderMap>) -> Taken {
        // Who has got all bytes of a known size does not ask for the end.
        let _ = self.pieces.send(Piece::End(trailers)).await;
        self.taken.await.unwrap_or_default()
    }

    /// No good end: the connection breaks. Returns what it had taken.
    pub(super) async fn give_up(self) -> Taken {
        drop(self.pieces);
        self.taken.await.unwrap_or_default()
    }

    /// Ends when the connection is gone.
    pub(super) async fn gone(&self) {
        self.pieces.closed().await;
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Bytes(bytes)) => {
                self.given += bytes.len() as u64;
                Some(Ok(Frame::data(bytes)))
            }
            Some(Piece::End(trailers)) => {
                self.ended = true;
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
            None => Some(Err(io::Error::other("the body has no good end"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.size == Some(self.given)
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.size.map(|size| size - self.given);
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let taken = Taken {
            bytes: self.given,
            complete: self.is_end_stream(),
        };
        if let Some(tell) = self.taken.take() {
            // Nobody may want to know.
            let _ = tell.send(taken);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_good_end_brings_the_trailers() {
        let (feed, body) = flow(None);
        let task = tokio::spawn(async move {
            feed.send("abc").await.unwrap();
            feed.end(Some(
                [(super::super::headers::X_SIZE, 3.into())]
                    .into_iter()
                    .collect(),
            ))
            .await
        });
        let collected = body.collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-size"], "3");
        assert_eq!(collected.to_bytes(), "abc");
        let all = Taken {
            bytes: 3,
            complete: true,
        };
        assert_eq!(task.await.unwrap(), all);
    }

    #[tokio::test]
    async fn a_task_that_ends_early_is_an_error_of_the_body() {
        for size in [None, Some(10)] {
            let (feed, body) = flow(size);
            let task = tokio::spawn(async move {
                feed.send("abc").await.unwrap();
                feed.give_up().await
            });
            assert!(body.collect().await.is_err());
            let half = Taken {
                bytes: 3,
                complete: false,
            };
            assert_eq!(task.await.unwrap(), half);
        }
    }

    #[tokio::test]
    async fn a_known_size_needs_no_word_of_its_end() {
        let (feed, mut body) = flow(Some(3));
        let task = tokio::spawn(async move {
            feed.send("abc").await.unwrap();
            feed.end(None).await
        });
        body.frame().await.unwrap().unwrap();
        assert!(body.is_end_stream());
        drop(body);
        let all = Taken {
            bytes: 3,
            complete: true,
        };
        assert_eq!(task.await.unwrap(), all);
    }

    #[tokio::test]
    async fn a_slow_client_holds_the_task_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..CHUNK as u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(&path, &content).unwrap();
        let file = Arc::new(File::open(path).unwrap());
        let (feed, mut body) = flow(None);
        let size = content.len() as u64;
        let task =
            tokio::spawn(async move { feed.send_file(&file, 7..size).await.map_err(|_| feed) });
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, content[7..7 + CHUNK as usize]);
        drop(body);
        assert!(
            task.await.unwrap().is_err(),
            "it goes no further than the client"
        );
    }
}
