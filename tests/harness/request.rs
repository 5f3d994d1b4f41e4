//! A request, as a server of a test reads it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;

use serde_json::Value;

/// One request.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    /// "POST /path"
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl HttpRequest {
    /// Waits for the whole of it; none when the client leaves without one.
    pub(super) fn read(connection: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(connection);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
        let headers = lines.iter().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let mut request = Self {
            line,
            headers: headers.collect(),
            body: Vec::new(),
        };
        let length = request
            .header("content-length")
            .map(|length| length.parse().unwrap());
        request.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut request.body).unwrap();
        Some(request)
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `name` in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(given, _)| given == name);
        named.map(|(_, value)| value.as_str())
    }
}
