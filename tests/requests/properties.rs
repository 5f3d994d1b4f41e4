//! Whatever bytes a client sends, it gets an answer that is no failure of the server, or the connection ends.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use crate::harness::{Server, Sidecar, TOKEN};

#[path = "../../host/src/artifact/tests/damaged.rs"]
mod damaged;

/// Requests as clients send them, each with a body that its operation takes, or might.
const REQUESTS: [&str; 8] = [
    "GET /backup/status",
    "GET /backup/backups?limit=3&before=x",
    "GET /backup/jobs/x/artifact\r\nRange: bytes=0-9\r\nIf-Range: \"x\"",
    "POST /backup/restore\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"dry_run\":true}",
    "POST /backup/backups/x/verify\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /ui/sign-in\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ntoken=x",
    "DELETE /backup/jobs/%00\r\nExpect: 100-continue\r\nConnection: upgrade\r\nUpgrade: h2c",
    "GET /?lang=es\r\nCookie: sidecar-language=en; x=\r\nAccept: text/html",
];

fn requests() -> impl Strategy<Value = Vec<u8>> {
    let whole = select(&REQUESTS[..]).prop_map(|request| {
        let (line, rest) = request.split_once("\r\n").unwrap_or((request, ""));
        let (head, body) = rest.split_once("\r\n\r\n").unwrap_or((rest, ""));
        let authorization = format!("Authorization: Bearer {TOKEN}");
        format!("{line} HTTP/1.1\r\nHost: x\r\n{authorization}\r\n{head}\r\n\r\n{body}")
            .replace("\r\n\r\n\r\n", "\r\n\r\n")
            .into_bytes()
    });
    whole.prop_flat_map(damaged::damaged)
}

/// What the server answers before it closes the connection.
fn answer(server: &Server, request: &[u8]) -> Vec<u8> {
    let place = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(place).unwrap();
    let mut answer = Vec::new();
    // The server may have seen enough, and be gone.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn any_request_is_answered_or_the_connection_ends() {
    let mut server = Sidecar::printing("x").serve();
    let tried = TestRunner::default().run(&requests(), |request| {
        let answer = answer(&server, &request);
        let status = answer.strip_prefix(b"HTTP/1.1 ");
        let is_answer = status.is_some_and(|status| (b'1'..=b'4').contains(&status[0]));
        let shown = String::from_utf8_lossy(&answer);
        prop_assert!(answer.is_empty() || is_answer, "{shown}");
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(server.get("/healthz").status, 200);
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}
