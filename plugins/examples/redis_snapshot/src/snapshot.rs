//! What a replica receives first: the whole data set as one RDB.
//!
//! ```text
//! SYNC ─► $1234\r\n <1234 bytes>              written to Redis' disk first
//!      ─► $EOF:<40 bytes>\r\n <bytes> <the same 40>   sent while it is created
//! ```

use std::io::{Read, Write};

use sidecar_sdk::{Artifact, Failure, Result};

use crate::connection::Connection;

/// What every RDB begins with.
const MAGIC: &[u8] = b"REDIS";
/// The length of the mark that ends an RDB whose size was not known at its start.
const MARK_LENGTH: usize = 40;

/// A destination for the bytes.
pub(crate) trait Sink {
    fn append(&mut self, bytes: &[u8]) -> Result<()>;
}

impl Sink for Artifact {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        Artifact::append(self, bytes)
    }
}

/// Copies a snapshot to `sink`, and returns its size. An incomplete one is a failure.
pub(crate) fn take<S: Read + Write>(
    connection: &mut Connection<S>,
    sink: &mut impl Sink,
) -> Result<u64> {
    // Without a file on the server's disk, and without the changes that follow. Servers before 7
    // ignore the second option.
    connection.request(&["REPLCONF", "capa", "eof"])?;
    connection.request(&["REPLCONF", "rdb-only", "1"])?;
    let reply = connection.request(&["SYNC"])?;
    connection.expect_ok(&reply, "refuses a snapshot")?;
    let announced = reply.strip_prefix('$').unwrap_or_default();
    let mut sink = CheckedSink { sink, bytes: 0 };
    match (announced.strip_prefix("EOF:"), announced.parse()) {
        (Some(mark), _) if mark.len() == MARK_LENGTH => {
            copy_until_mark(connection, mark.as_bytes(), &mut sink)?
        }
        (None, Ok(length)) => copy_exactly(connection, length, &mut sink)?,
        _ => {
            let message = format!("{} answers SYNC with {reply:?}", connection.address);
            return Err(Failure::new("not-redis", message)
                .hint("a proxy or a cluster's router cannot be copied: name the server itself"));
        }
    }
    Ok(sink.bytes)
}

fn copy_exactly<S: Read + Write>(
    connection: &mut Connection<S>,
    mut left: u64,
    sink: &mut CheckedSink<impl Sink>,
) -> Result<()> {
    while left > 0 {
        let received = connection.received()?;
        let length = received
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        sink.append(&received[..length])?;
        connection.consume(length);
        left -= length as u64;
    }
    Ok(())
}

/// Redis sends nothing after the mark, so the mark is at the end of what was received, or missing.
fn copy_until_mark<S: Read + Write>(
    connection: &mut Connection<S>,
    mark: &[u8],
    sink: &mut CheckedSink<impl Sink>,
) -> Result<()> {
    // The last bytes, which may be the beginning of the mark.
    let mut tail: Vec<u8> = Vec::new();
    while tail != mark {
        let received = connection.received()?;
        let length = received.len();
        tail.extend_from_slice(received);
        connection.consume(length);
        let data = tail.len().saturating_sub(MARK_LENGTH);
        sink.append(&tail[..data])?;
        tail.drain(..data);
    }
    Ok(())
}

/// Counts the bytes, and checks that they begin like an RDB.
struct CheckedSink<'a, S> {
    sink: &'a mut S,
    bytes: u64,
}

impl<S: Sink> CheckedSink<'_, S> {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let at = usize::try_from(self.bytes)
            .unwrap_or(usize::MAX)
            .min(MAGIC.len());
        if bytes
            .iter()
            .zip(&MAGIC[at..])
            .any(|(found, expected)| found != expected)
        {
            return Err(Failure::new("not-an-rdb", "what the server sent is no RDB"));
        }
        self.bytes += bytes.len() as u64;
        self.sink.append(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io;

    use super::*;

    impl Sink for Vec<u8> {
        fn append(&mut self, bytes: &[u8]) -> Result<()> {
            self.extend_from_slice(bytes);
            Ok(())
        }
    }

    /// Sends fixed replies, a few bytes at a time, to any request.
    struct Server {
        answers: Vec<u8>,
        piece: usize,
    }

    impl Read for Server {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.piece.min(buffer.len()).min(self.answers.len());
            buffer[..length].copy_from_slice(&self.answers[..length]);
            self.answers.drain(..length);
            Ok(length)
        }
    }

    impl Write for Server {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn taken(answer: &str, piece: usize) -> Result<Vec<u8>> {
        let answers = format!("+OK\r\n-ERR unknown\r\n\n\n{answer}").into_bytes();
        let mut connection = Connection::new("redis:6379", Server { answers, piece });
        let mut bytes = Vec::new();
        let length = take(&mut connection, &mut bytes)?;
        assert_eq!(length, bytes.len() as u64);
        Ok(bytes)
    }

    #[test]
    fn both_formats_are_understood_in_any_pieces() {
        let mark = "0123456789".repeat(4);
        for piece in [1, 7, 39, 40, 41, 4096] {
            let known = taken("$10\r\nREDIS0010.*1\r\n$4\r\nPING", piece).unwrap();
            assert_eq!(known, b"REDIS0010.");
            // Data that begins like the mark.
            let unknown =
                taken(&format!("$EOF:{mark}\r\nREDIS0123456789012{mark}"), piece).unwrap();
            assert_eq!(unknown, b"REDIS0123456789012");
        }
    }

    #[test]
    fn half_a_snapshot_is_a_failure() {
        let mark = "0123456789".repeat(4);
        for cut in [
            "$10\r\nREDIS".to_owned(),
            format!("$EOF:{mark}\r\nREDIS0011{}", &mark[1..]),
        ] {
            assert_eq!(taken(&cut, 4096).unwrap_err().code, "io", "{cut}");
        }
    }

    #[test]
    fn what_is_not_a_snapshot_is_refused() {
        for (answer, code) in [
            ("-NOPERM no permission\r\n", "redis-refused"),
            ("+OK\r\n", "not-redis"),
            ("$EOF:short\r\n", "not-redis"),
            ("$6\r\nREDUX0", "not-an-rdb"),
        ] {
            for piece in [1, 4096] {
                assert_eq!(taken(answer, piece).unwrap_err().code, code, "{answer}");
            }
        }
    }
}
