//! Conditional and partial requests (RFC 9110, 13 and 14).

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};

/// The part of an artifact that a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestedRange {
    /// None: the client has the artifact already.
    Nothing,
    /// The whole artifact.
    All,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that do not exist.
    Impossible,
}

/// Reads the headers. A client that asks for several ranges gets the whole artifact.
pub(super) fn requested_range(headers: &HeaderMap, etag: &str, size: u64) -> RequestedRange {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    if text(IF_NONE_MATCH).is_some_and(|tags| matches(tags, etag)) {
        return RequestedRange::Nothing;
    }
    if text(IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return RequestedRange::All;
    }
    let Some(Ok(ranges)) = text(RANGE).map(http_range_header::parse_range_header) else {
        return RequestedRange::All;
    };
    match ranges.validate(size).as_deref() {
        Ok([range]) => RequestedRange::Part(*range.start()..range.end() + 1),
        Ok(_) => RequestedRange::All,
        Err(_) => RequestedRange::Impossible,
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

    fn range_of(headers: &[(HeaderName, &str)]) -> RequestedRange {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        requested_range(&headers.collect(), "\"abc\"", 1000)
    }

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-99", RequestedRange::Part(0..100)),
            ("bytes=500-", RequestedRange::Part(500..1000)),
            ("bytes=-1", RequestedRange::Part(999..1000)),
            ("bytes=0-5000", RequestedRange::Part(0..1000)),
            ("bytes=1000-", RequestedRange::Impossible),
            ("bytes=0-1,5-6", RequestedRange::All),
            ("lines=0-1", RequestedRange::All),
            ("bytes=x-y", RequestedRange::All),
        ] {
            assert_eq!(range_of(&[(RANGE, range)]), expected, "{range}");
        }
        assert_eq!(range_of(&[]), RequestedRange::All);
    }

    #[test]
    fn conditions() {
        let range = (RANGE, "bytes=0-0");
        assert_eq!(
            range_of(&[(IF_RANGE, "\"abc\""), range.clone()]),
            RequestedRange::Part(0..1)
        );
        assert_eq!(
            range_of(&[(IF_RANGE, "\"older\""), range.clone()]),
            RequestedRange::All
        );
        assert_eq!(
            range_of(&[(IF_RANGE, "W/\"abc\""), range]),
            RequestedRange::All
        );
        for same in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(
                range_of(&[(IF_NONE_MATCH, same)]),
                RequestedRange::Nothing,
                "{same}"
            );
        }
        assert_eq!(range_of(&[(IF_NONE_MATCH, "\"x\"")]), RequestedRange::All);
    }
}

#[cfg(test)]
mod properties {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn range_of(value: &str, size: u64) -> RequestedRange {
        let headers = HeaderValue::from_str(value).map(|value| (RANGE, value));
        requested_range(&headers.into_iter().collect(), "\"abc\"", size)
    }

    proptest! {
        #[test]
        fn a_part_lies_in_the_artifact(
            value in prop_oneof![".{0,30}", "bytes=[0-9]{0,21}-[0-9]{0,21}(,[0-9]{0,3}-[0-9]{0,3})?"],
            size in prop_oneof![0u64..20, any::<u64>()]
        ) {
            if let RequestedRange::Part(part) = range_of(&value, size) {
                prop_assert!(part.start < part.end && part.end <= size, "{} of {}", value, size);
            }
        }

        #[test]
        fn what_is_asked_for_is_what_comes(first in 0u64..1000, more in 0u64..1000, size in 1u64..1000) {
            let last = first + more;
            let expected = match first < size {
                true => RequestedRange::Part(first..size.min(last + 1)),
                false => RequestedRange::Impossible,
            };
            prop_assert_eq!(range_of(&format!("bytes={first}-{last}"), size), expected);
        }
    }
}
