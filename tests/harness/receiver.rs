//! A receiver of notifications.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// How long a notification may take: of a run at the next minute, on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// A server on loopback that takes every request.
pub(crate) struct Receiver {
    /// "http://127.0.0.1:PORT"
    pub(crate) url: String,
    received: mpsc::Receiver<Notification>,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Notification {
    /// "POST /path"
    pub(crate) line: String,
    body: Vec<u8>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (send, received) = mpsc::channel();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let received = answer(connection.unwrap());
                if send.send(received).is_err() {
                    return;
                }
            }
        });
        Self { url, received }
    }

    /// The next notification; waits for it.
    #[track_caller]
    pub(crate) fn next(&self) -> Notification {
        let received = self.received.recv_timeout(TIME_LIMIT);
        received.expect("no notification came")
    }

    /// What came and was not awaited.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.received
            .try_iter()
            .map(|received| received.line)
            .collect()
    }
}

impl Notification {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn answer(mut connection: TcpStream) -> Notification {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let length = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    connection.write_all(ok).unwrap();
    let line = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
    Notification { line, body }
}
