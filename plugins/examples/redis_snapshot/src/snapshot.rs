//! What a replica gets first: the whole data set as one RDB.
//!
//! ```text
//! SYNC ─► $1234\r\n <1234 bytes>              written to Redis' disk first
//!      ─► $EOF:<40 bytes>\r\n <bytes> <the same 40>   sent while it is made
//! ```

use std::io::{Read, Write};

use sidecar_sdk::{Artifact, Failure, Result};

use crate::wire::Wire;

/// What every RDB begins with.
const MAGIC: &[u8] = b"REDIS";
/// The length of the mark that ends an RDB whose size nobody knew.
const MARK: usize = 40;

/// Where the bytes go.
pub(crate) trait Sink {
    fn append(&mut self, bytes: &[u8]) -> Result<()>;
}

impl Sink for Artifact {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        Artifact::append(self, bytes)
    }
}

/// Returns the number of bytes. An RDB that does not come to its end is a failure.
pub(crate) fn take<S: Read + Write>(wire: &mut Wire<S>, sink: &mut impl Sink) -> Result<u64> {
    // Without the disk, and without the stream of changes that follows. Servers before 7 do not
    // know the second, and need not.
    wire.ask(&["REPLCONF", "capa", "eof"])?;
    wire.ask(&["REPLCONF", "rdb-only", "1"])?;
    let answer = wire.ask(&["SYNC"])?;
    wire.expect_ok(&answer, "gives no snapshot")?;
    let announced = answer.strip_prefix('$').unwrap_or_default();
    let mut sink = Checked { sink, bytes: 0 };
    match (announced.strip_prefix("EOF:"), announced.parse()) {
        (Some(mark), _) if mark.len() == MARK => until(wire, mark.as_bytes(), &mut sink)?,
        (None, Ok(length)) => exactly(wire, length, &mut sink)?,
        _ => {
            let message = format!("{} answers SYNC with {answer:?}", wire.address);
            return Err(Failure::new("not-redis", message)
                .hint("a proxy or a cluster's router cannot be copied: name the server itself"));
        }
    }
    Ok(sink.bytes)
}

fn exactly<S: Read + Write>(
    wire: &mut Wire<S>,
    mut left: u64,
    sink: &mut Checked<impl Sink>,
) -> Result<()> {
    while left > 0 {
        let arrived = wire.arrived()?;
        let length = arrived
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        sink.append(&arrived[..length])?;
        wire.used(length);
        left -= length as u64;
    }
    Ok(())
}

/// Redis sends nothing after the mark, so it is at the end of what has arrived, or not there yet.
fn until<S: Read + Write>(
    wire: &mut Wire<S>,
    mark: &[u8],
    sink: &mut Checked<impl Sink>,
) -> Result<()> {
    // What may be the beginning of the mark.
    let mut held: Vec<u8> = Vec::new();
    while held != mark {
        let arrived = wire.arrived()?;
        let length = arrived.len();
        held.extend_from_slice(arrived);
        wire.used(length);
        let certain = held.len().saturating_sub(MARK);
        sink.append(&held[..certain])?;
        held.drain(..certain);
    }
    Ok(())
}

/// Counts, and looks at the beginning.
struct Checked<'a, S> {
    sink: &'a mut S,
    bytes: u64,
}

impl<S: Sink> Checked<'_, S> {
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
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io;

    use super::*;

    impl Sink for Vec<u8> {
        fn append(&mut self, bytes: &[u8]) -> Result<()> {
            self.extend_from_slice(bytes);
            Ok(())
        }
    }

    /// Sends what it was given, a few bytes at a time, whatever it is asked.
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
        let mut wire = Wire::new("redis:6379", Server { answers, piece });
        let mut bytes = Vec::new();
        let length = take(&mut wire, &mut bytes)?;
        assert_eq!(length, bytes.len() as u64);
        Ok(bytes)
    }

    #[test]
    fn both_ways_of_sending_are_understood_in_any_pieces() {
        let mark = "0123456789".repeat(4);
        for piece in [1, 7, 39, 40, 41, 4096] {
            let known = taken("$10\r\nREDIS0010.*1\r\n$4\r\nPING", piece).unwrap();
            assert_eq!(known, b"REDIS0010.");
            // What looks like the mark's beginning is data.
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
    fn what_is_no_snapshot_is_told() {
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
