//! What may stand between a client and a registry.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::Answer;

/// A server that passes requests on, unless the test has other plans with them.
pub(crate) struct Between {
    /// "localhost:PORT"
    pub(crate) host: String,
}

/// A request. Its body is not passed on.
pub(crate) struct Asked {
    /// "/v2/…", with the query.
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What happens to a request.
pub(crate) enum Fate {
    /// The server behind answers.
    Passes,
    /// It answers too, but the connection ends in the middle of that.
    IsCut,
    /// This is the answer: status line, headers, body.
    Is(&'static str, String, String),
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Between {
    /// In front of the server at `behind`; `fate` gets our own host and the request.
    pub(crate) fn start(
        behind: &str,
        fate: impl Fn(&str, &Asked) -> Fate + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let (own, behind) = (host.clone(), behind.to_owned());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                answer(connection.unwrap(), &behind, |asked| fate(&own, asked));
            }
        });
        Self { host }
    }
}

fn answer(mut connection: TcpStream, behind: &str, fate: impl Fn(&Asked) -> Fate) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let lines = reader.by_ref().lines().map(Result::unwrap);
    let mut lines = lines.take_while(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return;
    };
    let (method, rest) = first.split_once(' ').unwrap();
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    });
    let mut asked = Asked {
        path: rest.split(' ').next().unwrap().to_owned(),
        headers: headers.collect(),
        body: String::new(),
    };
    let length = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut asked.body).unwrap();
    let fate = fate(&asked);
    let (head, body) = match &fate {
        Fate::Is(status, headers, body) => (
            format!("HTTP/1.1 {status}\r\n{headers}"),
            body.clone().into_bytes(),
        ),
        Fate::Passes | Fate::IsCut => {
            let url = format!("http://{behind}{}", asked.path);
            let accept = ("Accept", asked.header("accept").unwrap_or("*/*"));
            let answer = Answer::ask(method, &url, &[accept]);
            let mut head = format!("HTTP/1.1 {} Passed\r\n", answer.status);
            for name in ["content-type", "docker-content-digest"] {
                if let Some(value) = answer.headers.get(name) {
                    head += &format!("{name}: {}\r\n", value.to_str().unwrap());
                }
            }
            (head, answer.body)
        }
    };
    let sent = if matches!(fate, Fate::IsCut) {
        body.len() / 2
    } else {
        body.len()
    };
    let head = format!(
        "{head}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client that has seen enough may be gone.
    let _ = connection.write_all(&[head.as_bytes(), &body[..sent]].concat());
}
