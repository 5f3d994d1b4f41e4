//! Cookies, which no script reads.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use uuid::Uuid;

/// When a browser sends a cookie.
#[derive(Debug, Clone, Copy)]
pub(super) enum SameSite {
    /// With requests that pages of this site make.
    Strict,
    /// Also when a link or a redirect of another site leads here.
    Lax,
}

/// A cookie of this process alone.
pub(super) struct Cookie {
    name: String,
    same_site: SameSite,
    secure: bool,
}

impl Cookie {
    /// With `secure`, one that only TLS carries. Cookies know no ports: a name of its own keeps several sidecars
    /// on one host from taking each other's.
    pub(super) fn new(purpose: &str, same_site: SameSite, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        let instance = Uuid::new_v4().simple().to_string();
        Self {
            name: format!("{prefix}{purpose}-{}", &instance[..8]),
            same_site,
            secure,
        }
    }

    /// The value of `Set-Cookie` that stores it; with 0 seconds, that removes it.
    pub(super) fn set(&self, value: &str, seconds: u64) -> String {
        let (name, same_site) = (&self.name, self.same_site);
        let secure = if self.secure { "; Secure" } else { "" };
        format!(
            "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site:?}{secure}"
        )
    }

    /// Its value in a request.
    pub(super) fn value<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, &self.name)
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}
