//! A stage that changes the bytes: it compresses or encrypts.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use super::codec;
use super::stage::{Inlet, Next, Outlet, Sent, StageFailure};
use crate::digest::{DigestMeter, Measured};
use crate::error::Error;

/// How long bytes may wait in a stage for more to come with them. A client may read along, and the
/// orchestrator gives up after 300 s without a byte: each of two stages may wait that long.
///
/// What is encrypted waits for its 64 KiB nevertheless: `age` knows shorter pieces only at the end.
pub(super) const FLUSH_TIMEOUT: Duration = Duration::from_secs(45);

/// What changes the bytes.
pub(super) trait Transform: Write {
    /// Writes the end of its stream.
    fn finish(self) -> io::Result<Outlet>;
}

impl Transform for codec::Encoder<Outlet> {
    fn finish(self) -> io::Result<Outlet> {
        codec::Encoder::finish(self)
    }
}

impl Transform for age::stream::StreamWriter<Outlet> {
    fn finish(self) -> io::Result<Outlet> {
        age::stream::StreamWriter::finish(self)
    }
}

/// Changes everything that comes; measures it as it was before.
///
/// When nothing was `sent` for `flush_after`, and nothing more comes, what is
/// there so far is flushed.
pub(super) fn transform(
    mut inlet: Inlet,
    mut transform: impl Transform,
    sent: &Sent,
    flush_after: Duration,
) -> Result<Measured, StageFailure> {
    let mut meter = DigestMeter::default();
    // Since when something waits, and what had been sent then.
    let mut waiting: Option<(Instant, u64)> = None;
    loop {
        let deadline = waiting.map(|(since, _)| since + flush_after);
        match inlet.next_before(deadline)? {
            Next::Bytes(bytes) => {
                meter.add(&bytes);
                transform.write_all(&bytes).map_err(failed)?;
                inlet.give_back(bytes);
                let now_sent = sent.bytes();
                if waiting.is_none_or(|(_, then)| then != now_sent) {
                    waiting = Some((Instant::now(), now_sent));
                }
            }
            Next::Late => {
                transform.flush().map_err(failed)?;
                waiting = None;
            }
            Next::End => break,
        }
    }
    let outlet = transform.finish().map_err(failed)?;
    outlet.end()?;
    Ok(meter.done())
}

pub(super) fn failed(error: io::Error) -> StageFailure {
    match error.kind() {
        ErrorKind::BrokenPipe => StageFailure::Abandoned,
        _ => StageFailure::Cause(Error::run(
            "transform-failed",
            format!("cannot compress or encrypt the artifact: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::io::Read;
    use std::thread::JoinHandle;

    use super::super::buffers::BufferPool;
    use super::super::stage;
    use super::*;
    use crate::config::{Codec, Compression};

    const CODECS: [Codec; 4] = [Codec::Gz, Codec::Bz2, Codec::Xz, Codec::Zst];

    /// A stage that compresses: where to put bytes in, and where they come out.
    fn compressing(
        codec: Codec,
        flush_after: Duration,
    ) -> (Outlet, JoinHandle<Result<Measured, StageFailure>>, Inlet) {
        let pool = BufferPool::default();
        let (before, inlet) = stage::channel(&pool);
        let (after, out) = stage::channel(&pool);
        let compression = Compression { codec, level: None };
        let work = move || {
            let sent = after.sent();
            transform(
                inlet,
                codec::encoder(compression, after)?,
                &sent,
                flush_after,
            )
        };
        (before, stage::start("compress", work).unwrap(), out)
    }

    /// What can be had of a stream that has no end yet.
    fn readable(codec: Codec, packed: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        let packed = io::Cursor::new(packed.to_vec());
        // It breaks off in any case.
        if let Ok(mut decoder) = codec::decoder(codec, Box::new(packed)) {
            let _ = decoder.read_to_end(&mut data);
        }
        data
    }

    #[test]
    fn a_trickle_comes_through_while_it_goes_on() {
        for codec in CODECS {
            let (mut before, stage, mut out) = compressing(codec, Duration::from_millis(1));
            let (mut put, mut packed) = (Vec::new(), Vec::new());
            for word in ["one ", "two ", "three"] {
                put.extend_from_slice(word.as_bytes());
                before.put(word.as_bytes()).unwrap();
                before.hand_over().unwrap();
                while readable(codec, &packed) != put {
                    packed.extend(out.next().unwrap().expect("the stream goes on"));
                }
            }
            before.end().unwrap();
            while let Some(bytes) = out.next().unwrap() {
                packed.extend(bytes);
            }
            assert_eq!(readable(codec, &packed), b"one two three", "{codec:?}");
            assert_eq!(stage.join().unwrap().unwrap().size, 13);
        }
    }

    #[test]
    fn without_need_nothing_is_flushed() {
        for codec in CODECS {
            let (mut before, stage, mut out) = compressing(codec, Duration::from_secs(3600));
            for word in ["one ", "two "] {
                before.put(word.as_bytes()).unwrap();
                before.hand_over().unwrap();
            }
            before.end().unwrap();
            let packed = out.next().unwrap().unwrap();
            assert!(out.next().unwrap().is_none(), "{codec:?}: in one piece");
            let mut whole = codec::encoder(Compression { codec, level: None }, Vec::new()).unwrap();
            whole.write_all(b"one two ").unwrap();
            assert_eq!(packed, whole.finish().unwrap());
            stage.join().unwrap().unwrap();
        }
    }
}
