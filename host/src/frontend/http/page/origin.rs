//! Whether a request that changes something came from a form of this page.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Browsers say where a request comes from: by `Sec-Fetch-Site` over https and on localhost, else by `Origin`.
/// SameSite cookies are no answer, for other ports of this host are the same site.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text(ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    match (origin, text(HOST.as_str())) {
        (Some((_, from)), Some(host)) => from.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Where the browser is and what the request asks for, if those differ and nothing else does: so it looks, too, where a
/// proxy puts another host into the request.
pub(super) fn other_host(headers: &HeaderMap) -> Option<(&str, &str)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some() {
        return None;
    }
    let origin = text(ORIGIN.as_str()).filter(|origin| origin.contains("://"))?;
    Some((origin, text(HOST.as_str())?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        is_same_origin(&headers)
    }

    #[test]
    fn only_the_same_origin_may_change_something() {
        let host = ("host", "backup:8000");
        assert!(allowed(&[("sec-fetch-site", "same-origin"), host]));
        assert!(!allowed(&[("sec-fetch-site", "same-site"), host]));
        assert!(!allowed(&[("sec-fetch-site", "none"), host]));
        assert!(allowed(&[("origin", "http://backup:8000"), host]));
        assert!(!allowed(&[("origin", "http://backup:8001"), host]));
        assert!(!allowed(&[("origin", "null"), host]));
        assert!(!allowed(&[host]));
    }

    #[test]
    fn what_the_browser_says_of_the_site_counts_more_than_the_origin() {
        let origin = ("origin", "http://backup:8000");
        let host = ("host", "backup:8000");
        assert!(!allowed(&[("sec-fetch-site", "cross-site"), origin, host]));
    }
}
