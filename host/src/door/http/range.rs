//! Conditional and partial requests (RFC 9110, 13 and 14).

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};

/// What a client wants of an artifact.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It has it already.
    Nothing,
    /// All of it.
    All,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that do not exist.
    Impossible,
}

/// Reads the headers. Of several ranges none is sent alone: who asks for them gets all.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    if text(IF_NONE_MATCH).is_some_and(|tags| matches(tags, etag)) {
        return Wanted::Nothing;
    }
    if text(IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Wanted::All;
    }
    let Some(Ok(ranges)) = text(RANGE).map(http_range_header::parse_range_header) else {
        return Wanted::All;
    };
    match ranges.validate(size).as_deref() {
        Ok([range]) => Wanted::Part(*range.start()..range.end() + 1),
        Ok(_) => Wanted::All,
        Err(_) => Wanted::Impossible,
    }
}

/// `*` or a list of tags, of which weak ones will do.
fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn ask(headers: &[(HeaderName, &str)]) -> Wanted {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        wanted(&headers.collect(), "\"abc\"", 1000)
    }

    #[test]
    fn ranges() {
        for (range, answer) in [
            ("bytes=0-99", Wanted::Part(0..100)),
            ("bytes=500-", Wanted::Part(500..1000)),
            ("bytes=-1", Wanted::Part(999..1000)),
            ("bytes=0-5000", Wanted::Part(0..1000)),
            ("bytes=1000-", Wanted::Impossible),
            ("bytes=0-1,5-6", Wanted::All),
            ("lines=0-1", Wanted::All),
            ("bytes=x-y", Wanted::All),
        ] {
            assert_eq!(ask(&[(RANGE, range)]), answer, "{range}");
        }
        assert_eq!(ask(&[]), Wanted::All);
    }

    #[test]
    fn conditions() {
        let range = (RANGE, "bytes=0-0");
        assert_eq!(
            ask(&[(IF_RANGE, "\"abc\""), range.clone()]),
            Wanted::Part(0..1)
        );
        assert_eq!(ask(&[(IF_RANGE, "\"older\""), range.clone()]), Wanted::All);
        assert_eq!(ask(&[(IF_RANGE, "W/\"abc\""), range]), Wanted::All);
        for same in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(ask(&[(IF_NONE_MATCH, same)]), Wanted::Nothing, "{same}");
        }
        assert_eq!(ask(&[(IF_NONE_MATCH, "\"x\"")]), Wanted::All);
    }
}
