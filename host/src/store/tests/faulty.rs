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
    /// The server does it, but its answer is lost.
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
    /// The server sees it only once the proxy is healed.
    HoldRequest,
    /// Everything takes this long.
    Slow(Duration),
    /// The same as an answer of the proxy's own, to a request with a header whose name begins so.
    RefuseHeader(&'static str, u16, &'static str),
    /// And to one whose body has this in it.
    RefuseBody(&'static str, u16, &'static str),
    /// The server's clock is this many seconds off, and what was signed a quarter of an hour before or
    /// after its time is refused.
    OwnClock(i64),
    /// The bucket is in this region: the body, or only a header, says so.
    WrongRegion(&'static str),
}

/// Seconds between a signature and the server's time.
const SIGNATURE_TOLERANCE: i64 = 900;

impl Fault {
    /// Whether it strikes a request: some look at more than its method and target.
    fn concerns(self, head: &str, body: &[u8]) -> bool {
        match self {
            Self::RefuseHeader(name, ..) => head
                .lines()
                .skip(1)
                .any(|line| line.to_ascii_lowercase().starts_with(name)),
            Self::RefuseBody(text, ..) => String::from_utf8_lossy(body).contains(text),
            Self::OwnClock(offset) => {
                let signed = header(head, "x-amz-date").unwrap_or_default();
                let signed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", signed).unwrap();
                let signed = signed.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
                let off = server_time(offset).as_second() - signed.timestamp().as_second();
                off.abs() > SIGNATURE_TOLERANCE
            }
            _ => true,
        }
    }
}

fn server_time(offset: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() + jiff::SignedDuration::from_secs(offset)
}

fn http_date(time: jiff::Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

struct FaultRule {
    method: &'static str,
    /// In the path or the query.
    contains: &'static str,
    fault: Fault,
    /// Requests of that kind that pass before it strikes.
    passing: usize,
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
    rules: Arc<Mutex<Vec<FaultRule>>>,
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

    /// Does this to the next `times` requests of that kind, or of every method (`*`).
    pub(crate) fn inject(
        &self,
        method: &'static str,
        contains: &'static str,
        times: usize,
        fault: Fault,
    ) -> Hits {
        self.inject_after(0, method, contains, times, fault)
    }

    /// The same after so many of them have passed.
    pub(crate) fn inject_after(
        &self,
        passing: usize,
        method: &'static str,
        contains: &'static str,
        times: usize,
        fault: Fault,
    ) -> Hits {
        let hits = Arc::new(AtomicUsize::new(0));
        self.rules.lock().unwrap().push(FaultRule {
            method,
            contains,
            fault,
            passing,
            left: times,
            hits: hits.clone(),
        });
        Hits(hits)
    }

    pub(crate) fn heal(&self) {
        self.rules.lock().unwrap().clear();
    }
}

fn serve(
    mut client: TcpStream,
    upstream: &str,
    rules: &Mutex<Vec<FaultRule>>,
) -> std::io::Result<()> {
    let (head, mut body) = read_head(&mut client)?;
    let length = header(&head, "content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let by_head = strike(&head, None, rules);
    if let Some(Fault::ResetBody(after)) = by_head {
        read_until(&mut client, &mut body, after.min(length))?;
        // Bytes that were not read make the system send a reset instead of an orderly end.
        return client.shutdown(Shutdown::Both);
    }
    read_until(&mut client, &mut body, length)?;
    let fault = by_head.or_else(|| strike(&head, Some(&body), rules));
    match fault {
        Some(
            Fault::Answer(status, code)
            | Fault::RefuseHeader(_, status, code)
            | Fault::RefuseBody(_, status, code),
        ) => return refuse(&mut client, status, code, ""),
        Some(Fault::OwnClock(offset)) => {
            let date = format!("Date: {}\r\n", http_date(server_time(offset)));
            return refuse(&mut client, 403, "RequestTimeTooSkewed", &date);
        }
        Some(Fault::WrongRegion(region)) => {
            let told = format!("x-amz-bucket-region: {region}\r\n");
            return refuse(&mut client, 301, "PermanentRedirect", &told);
        }
        Some(Fault::Stall) => return until_hung_up(&mut client),
        Some(Fault::Slow(delay)) => std::thread::sleep(delay),
        Some(Fault::HoldRequest) => {
            while !rules.lock().unwrap().is_empty() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
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
            let date = http_date(server_time(seconds));
            answer(&mut client, &replaced(&head, "date", &date), &body)
        }
        _ => answer(&mut client, &head, &body),
    }
}

/// The first rule that fits, counted. Faults that look at the body fit only where it is known.
fn strike(head: &str, body: Option<&[u8]>, rules: &Mutex<Vec<FaultRule>>) -> Option<Fault> {
    let mut words = head.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let mut rules = rules.lock().unwrap();
    let rule = rules.iter_mut().find(|rule| {
        rule.left > 0
            && matches!(rule.fault, Fault::RefuseBody(..)) == body.is_some()
            && [method, "*"].contains(&rule.method)
            && target.contains(rule.contains)
            && rule.fault.concerns(head, body.unwrap_or_default())
    })?;
    if rule.passing > 0 {
        rule.passing -= 1;
        return None;
    }
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

fn refuse(client: &mut TcpStream, status: u16, code: &str, headers: &str) -> std::io::Result<()> {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>injected</Message></Error>"
    );
    let head = format!(
        "HTTP/1.1 {status} Injected\r\n{headers}Content-Type: application/xml\r\nContent-Length: {}",
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
    let others = head.lines().filter(|line| {
        let key = line.split(':').next().unwrap_or_default();
        !key.eq_ignore_ascii_case(name)
    });
    let mut lines: Vec<_> = others.map(str::to_owned).collect();
    lines.push(format!("{name}: {value}"));
    lines.join("\r\n")
}
