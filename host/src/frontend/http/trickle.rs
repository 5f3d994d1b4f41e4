//! A body that never falls silent: a little of it is held back, and sent byte by byte while there is nothing else.

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::body::{BodySender, Disconnected};
use super::follow::{KEEP_ALIVE_INTERVAL, WITHHELD_BYTES};

/// Bytes on their way to a client that gives up after some minutes without one.
pub(super) struct Trickle<'s> {
    sender: &'s BodySender,
    /// The last bytes, which the client does not have yet.
    held: Vec<u8>,
    begun: bool,
    next: Instant,
}

impl<'s> Trickle<'s> {
    pub(super) fn new(sender: &'s BodySender) -> Self {
        Self {
            sender,
            held: Vec::new(),
            begun: false,
            next: Instant::now() + KEEP_ALIVE_INTERVAL,
        }
    }

    pub(super) fn sender(&self) -> &'s BodySender {
        self.sender
    }

    /// Sends all but the last bytes. The very first tells the client that there will be more.
    pub(super) async fn push(&mut self, bytes: impl Into<Bytes>) -> Result<(), Disconnected> {
        let bytes = bytes.into();
        let all = self.held.len() + bytes.len();
        let least = usize::from(!self.begun && all > 0);
        let ready = all.saturating_sub(WITHHELD_BYTES as usize).max(least);
        let of_held = ready.min(self.held.len());
        let now: Vec<u8> = self.held.drain(..of_held).collect();
        let (more, later) = bytes.split_at(ready - of_held);
        self.held.extend_from_slice(later);
        let more = bytes.slice(..more.len());
        for piece in [Bytes::from(now), more] {
            if !piece.is_empty() {
                self.send(piece).await?;
            }
        }
        Ok(())
    }

    /// Sends what was held back.
    pub(super) async fn flush(&mut self) -> Result<(), Disconnected> {
        let held = std::mem::take(&mut self.held);
        self.send(held.into()).await
    }

    /// Waits for something, and meanwhile keeps the client from giving up.
    pub(super) async fn alive_until<T>(
        &mut self,
        something: impl Future<Output = T>,
    ) -> Result<T, Disconnected> {
        tokio::pin!(something);
        loop {
            tokio::select! {
                biased;
                done = &mut something => return Ok(done),
                () = self.sender.disconnected() => return Err(Disconnected),
                () = sleep_until(self.next), if !self.held.is_empty() => {
                    let first = self.held.remove(0);
                    self.send(vec![first].into()).await?;
                }
            }
        }
    }

    async fn send(&mut self, bytes: Bytes) -> Result<(), Disconnected> {
        self.begun = true;
        self.next = Instant::now() + KEEP_ALIVE_INTERVAL;
        self.sender.send(bytes).await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use http_body_util::BodyExt as _;

    use super::super::body::body_channel;
    use super::*;

    #[tokio::test]
    async fn the_first_byte_comes_at_once_and_the_last_ones_at_the_end() {
        let (sender, mut body) = body_channel(None);
        tokio::spawn(async move {
            let mut out = Trickle::new(&sender);
            out.push("abc").await.unwrap();
            out.push(vec![b'x'; 5000]).await.unwrap();
            out.flush().await.unwrap();
            sender.end(None).await
        });
        let mut sizes = Vec::new();
        let mut all = Vec::new();
        while let Some(frame) = body.frame().await {
            let bytes = frame.unwrap().into_data().unwrap();
            sizes.push(bytes.len());
            all.extend(bytes);
        }
        assert_eq!(sizes, [1, 2, 904, 4096]);
        assert_eq!(all, [b"abc".to_vec(), vec![b'x'; 5000]].concat());
    }
}
