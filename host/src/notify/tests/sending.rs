//! Sending, to a server on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::sender::send_all;
use super::*;

const LONG: Duration = Duration::from_secs(20);

/// Quick, so that tests need not wait.
const QUICK: Retry = Retry {
    attempts: 3,
    first_wait: Duration::from_millis(1),
    limit: LONG,
};

/// Answers one connection after the other with `statuses`; gives back "METHOD PATH BODY" of each.
fn serve(statuses: &'static [u16]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    let answers = move || {
        let answer = |status: &u16| read_and_answer(&listener.accept().unwrap().0, *status);
        statuses.iter().map(answer).collect()
    };
    (url, thread::spawn(answers))
}

fn read_and_answer(mut connection: &TcpStream, status: u16) -> String {
    let mut reader = BufReader::new(connection);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut length = 0;
    loop {
        match line().to_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(
        connection,
        "HTTP/1.1 {status} Word\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let request = first.trim_end_matches(" HTTP/1.1");
    format!("{request} {}", String::from_utf8(body).unwrap())
}

/// Sends in this thread, and gives back what was logged.
fn sent_log(receiver: &Receiver, event: &RunEvent, retry: Retry) -> String {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let (queue, requests) = mpsc::channel();
    queue.send(request(receiver, event).unwrap()).unwrap();
    drop(queue);
    tracing::subscriber::with_default(subscriber, || {
        send_all(&receiver.target, retry, &requests);
    });
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn events_arrive_in_their_order() {
    let (url, server) = serve(&[200, 200, 200]);
    let notifier = Notifier::start(vec![healthcheck(&url)], QUICK);
    notifier.tell(&started());
    notifier.tell(&succeeded());
    notifier.tell(&failed());
    assert!(notifier.finish(LONG));
    assert_eq!(
        server.join().unwrap(),
        ["GET /s3cret/start ", "GET /s3cret ", "GET /s3cret/fail "]
    );
}

#[test]
fn a_webhook_is_posted_and_tried_again() {
    let (url, server) = serve(&[500, 429, 204]);
    let log = sent_log(&webhook(&url, &[Event::Success]), &succeeded(), QUICK);
    assert!(log.contains("notified http://127.0.0.1:"), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
    let requests = server.join().unwrap();
    assert_eq!(requests.len(), 3);
    for request in requests {
        let body = request.strip_prefix("POST /s3cret ").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["event"], "success");
    }
}

#[test]
fn what_is_refused_is_not_tried_again() {
    for (statuses, words) in [
        (&[404][..], "it answered 404"),
        (&[302][..], "it answered 302"),
        (&[503, 503, 503][..], "it answered 503 (attempt 3 of 3)"),
    ] {
        let (url, server) = serve(statuses);
        let log = sent_log(&webhook(&url, &[Event::Failure]), &failed(), QUICK);
        assert!(log.contains("WARN"), "{log}");
        assert!(log.contains("cannot notify http://127.0.0.1:"), "{log}");
        assert!(log.contains(words), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
        assert_eq!(server.join().unwrap().len(), statuses.len());
    }
}

#[test]
fn failures_are_told_without_the_url() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let cases = [
        (
            format!("http://{free}/s3cret"),
            "connection refused (attempt 3 of 3)",
        ),
        (
            "s3cret:s3cret".to_owned(),
            "cannot notify what is not a URL: its URL is not valid",
        ),
    ];
    for (url, words) in cases {
        let log = sent_log(&healthcheck(&url), &started(), QUICK);
        assert!(log.contains(words), "{log}");
        assert!(!log.contains("s3cret"), "{log}");
    }
}

#[test]
fn a_receiver_that_never_answers_delays_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/s3cret", silent.local_addr().unwrap());
    let limit = Duration::from_millis(50);
    let log = sent_log(
        &healthcheck(&url),
        &started(),
        Retry {
            attempts: 1,
            limit,
            ..QUICK
        },
    );
    assert!(
        log.contains("no answer within 50ms (attempt 1 of 1)"),
        "{log}"
    );

    let (other, server) = serve(&[200]);
    let notifier = Notifier::start(vec![healthcheck(&url), healthcheck(&other)], QUICK);
    notifier.tell(&started());
    assert_eq!(server.join().unwrap(), ["GET /s3cret/start "]);
    // More than it can take.
    for _ in 0..100 {
        notifier.tell(&started());
    }
    assert!(!notifier.finish(Duration::from_millis(1)));
}

#[test]
fn without_receivers_nothing_is_waited_for() {
    let notifier = Notifier::start(Vec::new(), Retry::default());
    notifier.tell(&failed());
    assert!(notifier.finish(LONG));
}
