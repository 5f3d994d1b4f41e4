//! A client that sees every byte: chunks, trailers, and how a connection ends.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use super::{Server, TOKEN};

/// An answer that is being read.
pub(crate) struct Raw {
    stream: BufReader<TcpStream>,
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

/// How a chunked body ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With its last chunk, and these trailers.
    Good(BTreeMap<String, String>),
    /// Without.
    Broken,
}

impl Raw {
    /// Sends a request, with the right token, whose answer may never be read.
    pub(crate) fn send(server: &Server, request: &str, headers: &[&str]) -> TcpStream {
        let place = server.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(place).unwrap();
        let mut text = format!("{request}\r\nHost: {place}\r\nAuthorization: Bearer {TOKEN}\r\n");
        for header in headers {
            text += &format!("{header}\r\n");
        }
        stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
        stream
    }

    /// Sends a request, with the right token, and reads the head of the answer.
    pub(crate) fn ask(server: &Server, request: &str, headers: &[&str]) -> Self {
        let mut stream = BufReader::new(Self::send(server, request, headers));
        let first = line(&mut stream);
        let status = first
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("no answer: {first:?}"));
        Self {
            status: status.parse().unwrap(),
            headers: fields(&mut stream),
            stream,
        }
    }

    /// The next chunk; none at the end, good or bad.
    pub(crate) fn chunk(&mut self) -> Result<Vec<u8>, End> {
        let size = line(&mut self.stream);
        let Ok(size) = usize::from_str_radix(&size, 16) else {
            return Err(End::Broken);
        };
        if size == 0 {
            return Err(End::Good(fields(&mut self.stream)));
        }
        let mut chunk = vec![0; size + 2];
        match self.stream.read_exact(&mut chunk) {
            Ok(()) => {
                chunk.truncate(size);
                Ok(chunk)
            }
            Err(_) => Err(End::Broken),
        }
    }

    /// The rest of a chunked body.
    pub(crate) fn chunks(&mut self) -> (Vec<u8>, End) {
        let mut body = Vec::new();
        loop {
            match self.chunk() {
                Ok(chunk) => body.extend(chunk),
                Err(end) => return (body, end),
            }
        }
    }

    /// The rest of any other body, up to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        // A connection that is reset has ended too.
        let _ = self.stream.read_to_end(&mut body);
        body
    }
}

/// A line without its end; empty when the connection has ended.
fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    // A connection that is reset has ended too.
    let _ = stream.read_line(&mut line);
    line.trim_end().to_owned()
}

fn fields(stream: &mut BufReader<TcpStream>) -> BTreeMap<String, String> {
    let field = |line: String| {
        let (name, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("no field: {line:?}"));
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let lines = std::iter::from_fn(|| Some(line(stream)).filter(|line| !line.is_empty()));
    lines.map(field).collect()
}
