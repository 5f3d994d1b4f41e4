//! The connection to Redis: requests, and answers of one line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use sidecar_sdk::{Failure, Result};

/// Longer answers come from something else than Redis.
const LONGEST: u64 = 4096;

/// A connection; `S` is something else than a socket only in tests.
pub(crate) struct Wire<S = TcpStream> {
    pub(crate) address: String,
    stream: BufReader<S>,
}

impl Wire {
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).map_err(|error| {
            Failure::io("connect to", address, &error)
                .hint("is Redis running there, and reachable from the sidecar?")
        })?;
        Ok(Self::new(address, stream))
    }
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn new(address: &str, stream: S) -> Self {
        Self {
            address: address.to_owned(),
            stream: BufReader::with_capacity(64 << 10, stream),
        }
    }

    pub(crate) fn authenticate(&mut self, username: Option<&str>, password: &str) -> Result<()> {
        let answer = match username {
            Some(username) => self.ask(&["AUTH", username, password])?,
            None => self.ask(&["AUTH", password])?,
        };
        self.expect_ok(&answer, "does not let us in")
    }

    /// Sends a request, and returns the line that answers it.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Result<String> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        sent.map_err(|error| self.lost(&error))?;
        self.line()
    }

    /// Any error that Redis answers is a failure in its own words.
    pub(crate) fn expect_ok(&self, answer: &str, refused: &str) -> Result<()> {
        match answer.strip_prefix('-') {
            None => Ok(()),
            Some(words) => Err(Failure::new(
                "redis-refused",
                format!("Redis at {} {refused}: {words}", self.address),
            )
            .hint("the account needs a password that is right, and the permission for PSYNC or SYNC (+sync +replconf)")),
        }
    }

    /// The next line that says something: while it works, Redis sends empty ones.
    fn line(&mut self) -> Result<String> {
        loop {
            let mut line = Vec::new();
            let read = self
                .stream
                .by_ref()
                .take(LONGEST)
                .read_until(b'\n', &mut line);
            read.map_err(|error| self.lost(&error))?;
            if line.last() != Some(&b'\n') {
                return Err(self.lost(&io::ErrorKind::UnexpectedEof.into()));
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim_end().is_empty() {
                return Ok(text.trim_end().to_owned());
            }
        }
    }

    /// What has arrived: never empty. `used` takes it away.
    pub(crate) fn arrived(&mut self) -> Result<&[u8]> {
        // Twice, because the borrow of an answer would outlive the error.
        match self.stream.fill_buf() {
            Ok([]) => Err(self.lost(&io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(self.stream.buffer()),
            Err(error) => Err(self.lost(&error)),
        }
    }

    pub(crate) fn used(&mut self, bytes: usize) {
        self.stream.consume(bytes);
    }

    fn lost(&self, error: &io::Error) -> Failure {
        Failure::io("hear from Redis at", &self.address, error).hint(
            "see the log of Redis: it ends a replica that is slow, or that it has no memory for",
        )
    }
}
