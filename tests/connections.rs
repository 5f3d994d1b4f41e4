//! Clients that hold connections and ask for nothing keep no other client out, and end no answer.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Raw, Server, Sidecar, peak_memory};

/// More than there are places.
const MANY: usize = 1000;
/// What they may take of the server's memory, in bytes.
const MUCH: u64 = 64 << 20;
/// How long a health check may take.
const SOON: Duration = Duration::from_secs(2);

/// Connections that send `begin` and then nothing.
fn connect_idle(server: &Server, begin: &str) -> Vec<TcpStream> {
    let place = server.url.strip_prefix("http://").unwrap();
    let connect = |_| {
        let mut stream = TcpStream::connect(place).unwrap();
        // One that was closed for a younger one says so here.
        let _ = stream.write_all(begin.as_bytes());
        stream
    };
    (0..MANY).map(connect).collect()
}

#[track_caller]
fn is_alive(server: &Server) {
    let asked = Instant::now();
    assert_eq!(server.get("/healthz").status, 200);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}

#[test]
fn idle_and_slow_connections_of_one_client_keep_none_out() {
    let server = Sidecar::new().command("echo dump").capture().serve();
    server.export();
    let before = peak_memory(server.pid());
    for begin in [
        "",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /backup/run HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let held = connect_idle(&server, begin);
        is_alive(&server);
        let body = server.export();
        assert_eq!((body.status, body.body.as_slice()), (200, &b"dump\n"[..]));
        drop(held);
    }
    let more = peak_memory(server.pid()) - before;
    assert!(more < MUCH, "{more} bytes");
}

#[test]
fn an_answer_that_is_being_sent_is_not_ended_for_them() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!("echo first; {} || exit 9; echo last", gate.wait());
    let server = sidecar
        .command(&line)
        .capture()
        .set("app.export.first_byte_within", "1s")
        .serve();
    let mut export = Raw::ask(&server, "POST /backup/export HTTP/1.1", &[]);
    let open = gate.reached();
    let held = connect_idle(&server, "");
    is_alive(&server);
    drop((open, held));
    let (body, _) = export.chunks();
    assert_eq!(body, b"first\nlast\n");
}

#[test]
fn streams_of_one_token_end_its_own_and_keep_none_out() {
    let token = "a-token-that-may-only-look";
    let sidecar = Sidecar::printing("x");
    let server = sidecar
        .set(
            "secrets.tokens.wall",
            json!({"scope": "read", "token": token}),
        )
        .serve();
    let mut admin = Raw::ask(&server, "GET /backup/events HTTP/1.1", &[]);
    admin.chunk().expect("how all stands");
    let ask =
        format!("GET /backup/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let held = connect_idle(&server, &ask);
    is_alive(&server);
    assert_eq!(server.get("/backup/status").status, 200);
    server.export();
    let told = std::iter::from_fn(|| admin.chunk().ok());
    let mut told = told.map(|chunk| String::from_utf8_lossy(&chunk).into_owned());
    assert!(told.any(|event| event.contains("run-finished")));
    drop(held);
}
