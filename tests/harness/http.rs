//! Requests, where the client does not matter. Where it does: `orchestrator.rs`.

use serde_json::Value;
use ureq::http::HeaderMap;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn get(url: &str, token: Option<&str>) -> Self {
        let mut request = agent().get(url);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        Self::read(request.call())
    }

    pub(crate) fn post(url: &str, token: &str) -> Self {
        let request = agent()
            .post(url)
            .header("Authorization", format!("Bearer {token}"));
        Self::read(request.send_empty())
    }

    /// With a JSON body.
    pub(crate) fn send(url: &str, token: &str, body: &Value) -> Self {
        Self::send_with(url, token, &[], body)
    }

    /// The same with these headers.
    pub(crate) fn send_with(
        url: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Self {
        let request = agent()
            .post(url)
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        Self::read(request.send(body.to_string()))
    }

    pub(crate) fn ask(method: &str, url: &str, headers: &[(&str, &str)]) -> Self {
        let request = ureq::http::Request::builder().method(method).uri(url);
        let with = |request: ureq::http::request::Builder, header: &(&str, &str)| {
            request.header(header.0, header.1)
        };
        let request = headers.iter().fold(request, with).body(()).unwrap();
        Self::read(agent().run(request))
    }

    /// What a client got.
    pub(crate) fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        let mut answer = answer.expect("the server answers");
        Self {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer
                .body_mut()
                .with_config()
                .limit(u64::MAX)
                .read_to_vec()
                .unwrap(),
        }
    }

    /// A header that the answer must have.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .to_str()
            .unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// A client that takes every status as an answer.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}
