//! Cookies, which no script reads.

use axum::http::header::{COOKIE, ORIGIN};
use axum::http::{HeaderMap, Uri};
use uuid::Uuid;

use crate::config::Listen;

/// When a browser sends a cookie.
#[derive(Debug, Clone, Copy)]
pub(super) enum SameSite {
    /// With requests that pages of this site make.
    Strict,
    /// Also when a link or a redirect of another site leads here.
    Lax,
}

/// With which requests cookies come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CookieScope {
    /// Whether browsers come by https.
    secure: bool,
    /// What the page lies below: others of the same host, below another path, get none.
    path: String,
}

impl Default for CookieScope {
    fn default() -> Self {
        Self {
            secure: false,
            path: "/".to_owned(),
        }
    }
}

impl CookieScope {
    /// From where a server listens, and where its page is found.
    pub(super) fn of(listen: &Listen) -> Self {
        let page = listen.page.as_ref();
        let page = page.and_then(|page| page.parse::<Uri>().ok());
        let is_https = page.as_ref().and_then(Uri::scheme_str) == Some("https");
        let path = page.as_ref().map_or("", Uri::path).trim_end_matches('/');
        Self {
            secure: listen.tls.is_some() || is_https,
            path: format!("{path}/"),
        }
    }
}

/// A cookie of this process alone.
pub(super) struct Cookie {
    name: String,
    same_site: SameSite,
    scope: CookieScope,
}

impl Cookie {
    /// Cookies know no ports: a name of its own keeps several sidecars on one host from taking each other's.
    pub(super) fn new(purpose: &str, same_site: SameSite, scope: &CookieScope) -> Self {
        let prefix = match (scope.secure, scope.path.as_str()) {
            (true, "/") => "__Host-",
            (true, _) => "__Secure-",
            (false, _) => "",
        };
        let instance = Uuid::new_v4().simple().to_string();
        Self {
            name: format!("{prefix}{purpose}-{}", &instance[..8]),
            same_site,
            scope: scope.clone(),
        }
    }

    /// The value of `Set-Cookie` that stores it in the browser with these headers; with 0 seconds, that removes it.
    pub(super) fn set(&self, value: &str, seconds: u64, headers: &HeaderMap) -> String {
        let (name, same_site, path) = (&self.name, self.same_site, &self.scope.path);
        let secure = match self.scope.secure || comes_by_https(headers) {
            true => "; Secure",
            false => "",
        };
        format!(
            "{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site:?}{secure}"
        )
    }

    /// Its value in a request.
    pub(super) fn value<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, &self.name)
    }
}

/// Whether the browser, or a proxy, says so. One that lies keeps its own cookie from itself alone.
fn comes_by_https(headers: &HeaderMap) -> bool {
    let is = |name: &str, scheme: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.starts_with(scheme))
    };
    is(ORIGIN.as_str(), "https://") || is("x-forwarded-proto", "https")
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn set(page: Option<&str>, header: Option<(&'static str, &str)>) -> String {
        let listen = Listen {
            port: 0,
            host: "localhost".to_owned(),
            tls: None,
            page: page.map(str::to_owned),
        };
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        let cookie = Cookie::new("sidecar", SameSite::Strict, &CookieScope::of(&listen));
        cookie.set("x", 60, &headers)
    }

    #[test]
    fn a_page_below_a_path_has_cookies_below_that_path() {
        let shop = set(Some("https://backups.example/shop"), None);
        assert!(shop.starts_with("__Secure-sidecar-"), "{shop}");
        assert!(
            shop.contains("; Path=/shop/; ") && shop.ends_with("; Secure"),
            "{shop}"
        );
        let at_root = set(Some("https://backups.example"), None);
        assert!(at_root.starts_with("__Host-sidecar-"), "{at_root}");
        assert!(
            at_root.contains("; Path=/; ") && at_root.ends_with("; Secure"),
            "{at_root}"
        );
    }

    #[test]
    fn what_has_come_by_https_stays_there() {
        assert!(set(None, None).ends_with("SameSite=Strict"));
        assert!(set(None, Some(("origin", "http://backup:8000"))).ends_with("SameSite=Strict"));
        for header in [
            ("origin", "https://backup.example"),
            ("x-forwarded-proto", "https"),
        ] {
            assert!(set(None, Some(header)).ends_with("; Secure"), "{header:?}");
        }
    }
}
