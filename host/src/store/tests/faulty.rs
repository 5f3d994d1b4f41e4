//! A proxy before an S3 server that does to chosen requests what networks and servers do. The
//! specification in `tests/` uses it too.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a request, or to its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// An answer of the proxy's own, with the service's word for it; the server sees nothing.
    Answer(u16, &'static str),
    /// The connection breaks after so many bytes of the request's body.
    ResetBody(usize),
    /// The server does it, but nobody hears of it.
    LoseAnswer,
    /// The same, and the client waits.
    HoldAnswer,
    /// The answer ends after so many bytes of its body, although more were promised.
    Truncate(usize),
    /// The answer's ETag is another one.
    WrongEtag,
    /// The answer's Date is this many seconds off.
    Skew(i64),
    /// Nothing comes back until the client hangs up.
    Stall,
    /// The answer's body stops after so many bytes until the client hangs up.
    StallBody(usize),
    /// Everything takes this long.
    Slow(Duration),
}

struct Rule {
    method: &'static str,
    /// In the path or the query.
    contains: &'static str,
    fault: Fault,
    left: usize,
    hits: Arc<AtomicUsize>,
}

/// How often a fault has struck.
pub(crate) struct Hits(Arc<AtomicUsize>);

impl Hits {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct Faulty {
    pub(crate) url: String,
    rules: Arc<Mutex<Vec<Rule>>>,
}

impl Faulty {
    pub(crate) fn before(server: &str) -> Self {
        let upstream = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let rules = Arc::new(Mutex::new(Vec::new()));
        let shared = rules.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, rules) = (upstream.clone(), shared.clone());
                // A client that hangs up is part of the tests.
                std::thread::spawn(move || serve(client, &upstream, &rules).ok());
            }
        });
        Self { url, rules }
    }

    /// Does this to the next `times` requests of that kind.
    pub(crate) fn inject(
        &self,
        method: &'static str,
        contains: &'static str,
        times: usize,
        fault: Fault,
    ) -> Hits {
        let hits = Arc::new(AtomicUsize::new(0));
        self.rules.lock().unwrap().push(Rule {
            method,
            contains,
            fault,
            left: times,
            hits: hits.clone(),
        });
        Hits(hits)
    }

    pub(crate) fn heal(&self) {
        self.rules.lock().unwrap().clear();
    }
}

fn serve(mut client: TcpStream, upstream: &str, rules: &Mutex<Vec<Rule>>) -> std::io::Result<()> {
    let (head, mut body) = read_head(&mut client)?;
    let fault = strike(&head, rules);
    let length = header(&head, "content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    if let Some(Fault::ResetBody(after)) = fault {
        read_until(&mut client, &mut body, after.min(length))?;
        // Bytes that nobody read make the system send a reset instead of an orderly end.
        return client.shutdown(Shutdown::Both);
    }
    read_until(&mut client, &mut body, length)?;
    match fault {
        Some(Fault::Answer(status, code)) => return refuse(&mut client, status, code),
        Some(Fault::Stall) => return until_hung_up(&mut client),
        Some(Fault::Slow(delay)) => std::thread::sleep(delay),
        _ => {}
    }
    let (head, body) = forward(upstream, &head, &body)?;
    match fault {
        Some(Fault::LoseAnswer) => client.shutdown(Shutdown::Both),
        Some(Fault::HoldAnswer) => until_hung_up(&mut client),
        Some(Fault::Truncate(after)) => answer(&mut client, &head, &body[..after.min(body.len())]),
        Some(Fault::StallBody(after)) => {
            answer(&mut client, &head, &body[..after.min(body.len())])?;
            until_hung_up(&mut client)
        }
        Some(Fault::WrongEtag) => {
            let head = replaced(&head, "etag", "\"0123456789abcdef0123456789abcdef\"");
            answer(&mut client, &head, &body)
        }
        Some(Fault::Skew(seconds)) => {
            let off = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
            let date = off.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            answer(&mut client, &replaced(&head, "date", &date), &body)
        }
        _ => answer(&mut client, &head, &body),
    }
}

/// The first rule that fits, counted.
fn strike(head: &str, rules: &Mutex<Vec<Rule>>) -> Option<Fault> {
    let mut words = head.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let mut rules = rules.lock().unwrap();
    let rule = rules
        .iter_mut()
        .find(|rule| rule.left > 0 && rule.method == method && target.contains(rule.contains))?;
    rule.left -= 1;
    rule.hits.fetch_add(1, Ordering::SeqCst);
    Some(rule.fault)
}

fn read_head(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 64 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            return Ok((head, body));
        }
        match stream.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn read_until(stream: &mut TcpStream, body: &mut Vec<u8>, length: usize) -> std::io::Result<()> {
    let missing = length.saturating_sub(body.len()) as u64;
    stream.take(missing).read_to_end(body)?;
    Ok(())
}

fn forward(upstream: &str, head: &str, body: &[u8]) -> std::io::Result<(String, Vec<u8>)> {
    let mut server = TcpStream::connect(upstream)?;
    let head = replaced(head, "connection", "close");
    server.write_all(format!("{head}\r\n\r\n").as_bytes())?;
    server.write_all(body)?;
    let (head, mut body) = read_head(&mut server)?;
    server.read_to_end(&mut body)?;
    Ok((head, body))
}

fn answer(client: &mut TcpStream, head: &str, body: &[u8]) -> std::io::Result<()> {
    let head = replaced(head, "connection", "close");
    client.write_all(format!("{head}\r\n\r\n").as_bytes())?;
    client.write_all(body)
}

fn refuse(client: &mut TcpStream, status: u16, code: &str) -> std::io::Result<()> {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>injected</Message></Error>"
    );
    let head = format!(
        "HTTP/1.1 {status} Injected\r\nContent-Type: application/xml\r\nContent-Length: {}",
        body.len()
    );
    answer(client, &head, body.as_bytes())
}

fn until_hung_up(client: &mut TcpStream) -> std::io::Result<()> {
    let mut rest = [0; 1024];
    while client.read(&mut rest)? > 0 {}
    Ok(())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn replaced(head: &str, name: &str, value: &str) -> String {
    let kept = head.lines().filter(|line| {
        let key = line.split(':').next().unwrap_or_default();
        !key.eq_ignore_ascii_case(name)
    });
    let mut lines: Vec<_> = kept.map(str::to_owned).collect();
    lines.push(format!("{name}: {value}"));
    lines.join("\r\n")
}
