//! A receiver of notifications.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use super::request::HttpRequest;

/// How long a notification may take: of a run at the next minute, on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// A server on loopback that takes every request.
pub(crate) struct Receiver {
    /// "http://127.0.0.1:PORT"
    pub(crate) url: String,
    received: mpsc::Receiver<HttpRequest>,
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
    pub(crate) fn next(&self) -> HttpRequest {
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

fn answer(mut connection: TcpStream) -> HttpRequest {
    let request = HttpRequest::read(&connection).expect("a request");
    let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    connection.write_all(ok).unwrap();
    request
}
