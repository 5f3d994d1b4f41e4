//! Requests that are too large, too slow, or too many at once: each is answered with its status, and none keeps the
//! others from being answered.

mod properties;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::thread;

use crate::harness::{Answer, Raw, Sidecar, TOKEN, peak_memory};

/// Sent before the first response is read.
const PIPELINED: usize = 20_000;
/// What they may take of the server's memory, in bytes.
const MUCH: u64 = 64 << 20;
const CLIENTS: usize = 50;

#[test]
fn a_head_that_is_too_large_is_refused() {
    let server = Sidecar::printing("x").serve();
    let long = format!("X: {}", "x".repeat(200_000));
    let many = vec!["X: y"; 200].join("\r\n");
    for header in [long, many] {
        let answer = Raw::ask(&server, "GET /healthz HTTP/1.1", &[&header]);
        assert_eq!(answer.status, 431);
    }
    let path = format!("GET /{} HTTP/1.1", "x".repeat(200_000));
    assert!([414, 431].contains(&Raw::ask(&server, &path, &[]).status));
}

#[test]
fn a_body_that_does_not_come_or_is_none_is_refused() {
    let server = Sidecar::printing("x").serve();
    let request = "POST /backup/run HTTP/1.1";
    let slow = Raw::ask(&server, request, &["Content-Length: 9"]);
    assert_eq!(slow.status, 408);
    let chunk = "\r\nno number\r\n";
    let broken = Raw::ask(&server, request, &["Transfer-Encoding: chunked", chunk]);
    assert_eq!(broken.status, 400);
    let jobs = server.get("/backup/jobs").json();
    assert_eq!(jobs["jobs"], serde_json::json!([]));
}

#[test]
fn pipelined_requests_are_answered_in_order_and_take_no_memory() {
    let server = Sidecar::printing("x").serve();
    let before = peak_memory(server.pid());
    let place = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(place).unwrap();
    let responses = BufReader::new(stream.try_clone().unwrap());
    let pair = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
    // The server takes no more than it answers.
    let sending = thread::spawn(move || {
        stream
            .write_all(pair.repeat(PIPELINED / 2).as_bytes())
            .unwrap();
    });
    assert_eq!(server.get("/healthz").status, 200);
    let lines = responses.lines().map(Result::unwrap);
    // No body ends with a line's end.
    let statuses = lines.filter_map(|line| Some(line.split_once("HTTP/1.1 ")?.1[..3].to_owned()));
    let statuses: Vec<String> = statuses.take(PIPELINED).collect();
    assert!(statuses.chunks(2).all(|pair| pair == ["200", "404"]));
    sending.join().unwrap();
    let more = peak_memory(server.pid()) - before;
    assert!(more < MUCH, "{more} bytes");
}

#[test]
fn of_a_hundred_triggers_at_once_one_runs_and_the_others_are_told_so() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("running");
    let line = format!("{}; echo done", gate.wait());
    let server = sidecar.command(&line).capture().serve();
    let url = format!("{}/backup/run", server.url);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asking: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| Answer::post(&url, TOKEN)))
            .collect();
        assert_eq!(server.get("/healthz").status, 200);
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (started, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 202);
    assert_eq!(started.len(), 1);
    for answer in refused {
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (409, &"busy".into())
        );
        answer.header("retry-after");
    }
    drop(gate.reached());
    let run = server.over(started[0].header("location"));
    assert_eq!(run["state"], "succeeded");
}

#[test]
fn a_thousand_clients_at_once_each_get_their_answer() {
    let server = Sidecar::printing("x").serve();
    let url = format!("{}/backup/capabilities", server.url);
    let ask = || (0..20).map(|_| Answer::get(&url, Some(TOKEN)).status);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| ask().collect::<Vec<_>>()))
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    assert_eq!(statuses, [200; CLIENTS * 20]);
}
