//! A client that keeps a session as a browser does, and sends what a browser would or would not send.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::harness::{Answer, Server, TOKEN};

/// Follows no redirect.
pub(crate) struct Client {
    url: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Client {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            url: server.url.clone(),
            cookies: RefCell::default(),
        }
    }

    /// With a session that may do everything.
    pub(crate) fn signed_in(server: &Server) -> Self {
        Self::signed_in_with(server, TOKEN)
    }

    pub(crate) fn signed_in_with(server: &Server, token: &str) -> Self {
        let client = Self::new(server);
        let answer = client.submits("/ui/sign-in", &[("token", token)]);
        assert_eq!(answer.status, 303, "{answer:?}");
        client
    }

    /// What it would send.
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.borrow().clone()
    }

    /// With cookies of another one.
    pub(crate) fn with_cookies(self, cookies: BTreeMap<String, String>) -> Self {
        self.cookies.replace(cookies);
        self
    }

    pub(crate) fn gets(&self, path: &str) -> Answer {
        self.sends("GET", path, &[], "")
    }

    /// The text of a screen.
    #[track_caller]
    pub(crate) fn reads(&self, path: &str) -> String {
        let answer = self.gets(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        String::from_utf8(answer.body).unwrap()
    }

    /// A form of the page itself.
    pub(crate) fn submits(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.sends(
            "POST",
            path,
            &[("Sec-Fetch-Site", "same-origin")],
            &form(fields),
        )
    }

    /// With these headers and the cookies; remembers those that come back.
    pub(crate) fn sends(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("Content-Type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &*self.cookies.borrow() {
            request = request.header("Cookie", format!("{name}={value}"));
        }
        let answer = match body {
            "" if method == "GET" => agent.run(request.body(()).unwrap()),
            body => agent.run(request.body(body.to_owned()).unwrap()),
        };
        let answer = Answer::read(answer);
        for set in answer.headers.get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies
                .borrow_mut()
                .insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The value of a hidden field of a screen.
    #[track_caller]
    pub(crate) fn hidden(&self, path: &str, name: &str) -> String {
        let text = self.reads(path);
        let (_, rest) = text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split('"').next().unwrap().to_owned()
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        let bytes = text.bytes();
        bytes.map(|byte| format!("%{byte:02X}")).collect::<String>()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}
