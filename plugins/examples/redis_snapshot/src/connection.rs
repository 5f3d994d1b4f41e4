//! The connection to Redis: requests, and replies of one line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use sidecar_sdk::{Failure, Result};

/// Longer replies are not from Redis.
const MAX_REPLY_LENGTH: u64 = 4096;

/// A connection. `S` is a socket except in tests.
pub(crate) struct Connection<S = TcpStream> {
    pub(crate) address: String,
    stream: BufReader<S>,
}

impl Connection {
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).map_err(|error| {
            Failure::io("connect to", address, &error)
                .hint("is Redis running there, and reachable from the sidecar?")
        })?;
        Ok(Self::new(address, stream))
    }
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn new(address: &str, stream: S) -> Self {
        Self {
            address: address.to_owned(),
            stream: BufReader::with_capacity(64 << 10, stream),
        }
    }

    pub(crate) fn authenticate(&mut self, username: Option<&str>, password: &str) -> Result<()> {
        let answer = match username {
            Some(username) => self.request(&["AUTH", username, password])?,
            None => self.request(&["AUTH", password])?,
        };
        self.expect_ok(&answer, "refuses the login")
    }

    /// Sends a request, and returns the reply line.
    pub(crate) fn request(&mut self, arguments: &[&str]) -> Result<String> {
        let mut request = format!("*{}\r\n", arguments.len());
        for argument in arguments {
            request += &format!("${}\r\n{argument}\r\n", argument.len());
        }
        let sent = self.stream.get_mut().write_all(request.as_bytes());
        sent.map_err(|error| self.connection_error(&error))?;
        self.line()
    }

    /// An error reply becomes a failure with the message of Redis.
    pub(crate) fn expect_ok(&self, answer: &str, refused: &str) -> Result<()> {
        match answer.strip_prefix('-') {
            None => Ok(()),
            Some(message) => Err(Failure::new(
                "redis-refused",
                format!("Redis at {} {refused}: {message}", self.address),
            )
            .hint("the account needs a password that is right, and the permission for PSYNC or SYNC (+sync +replconf)")),
        }
    }

    /// The next line that is not empty: while Redis prepares a snapshot, it sends empty ones.
    fn line(&mut self) -> Result<String> {
        loop {
            let mut line = Vec::new();
            let read = self
                .stream
                .by_ref()
                .take(MAX_REPLY_LENGTH)
                .read_until(b'\n', &mut line);
            read.map_err(|error| self.connection_error(&error))?;
            if line.last() != Some(&b'\n') {
                return Err(self.connection_error(&io::ErrorKind::UnexpectedEof.into()));
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim_end().is_empty() {
                return Ok(text.trim_end().to_owned());
            }
        }
    }

    /// The bytes that were received and not consumed yet: never empty.
    pub(crate) fn received(&mut self) -> Result<&[u8]> {
        // `buffer` and not the result, whose borrow would outlast the error.
        match self.stream.fill_buf() {
            Ok([]) => Err(self.connection_error(&io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(self.stream.buffer()),
            Err(error) => Err(self.connection_error(&error)),
        }
    }

    pub(crate) fn consume(&mut self, bytes: usize) {
        self.stream.consume(bytes);
    }

    fn connection_error(&self, error: &io::Error) -> Failure {
        Failure::io("hear from Redis at", &self.address, error).hint(
            "see the log of Redis: it ends a replica that is slow, or that it has no memory for",
        )
    }
}
