//! The bearer token: only requests with it are answered.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::error_response::ErrorResponse;
use super::state::{ApiState, Peer};

/// Lets requests with the token pass. An address that sent too many wrong ones waits, whatever it sends.
pub(super) async fn require_token(
    State(app): State<Arc<ApiState>>,
    Extension(Peer(address)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, ErrorResponse> {
    if let Some(wait) = app.throttle.wait(address, Instant::now()) {
        return Err(ErrorResponse::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-bad-tokens",
            "too many requests with a wrong token came from this address",
        )
        .hint("correct the token, and come back later")
        .retry_after(wait.as_secs() + 1));
    }
    let Some(token) = bearer(request.headers()) else {
        return Err(unauthorized("no-token", "Missing Bearer token"));
    };
    if !same(token, &app.token) {
        tracing::warn!(%address, "a request has a wrong token");
        app.throttle.failed(address, Instant::now());
        return Err(unauthorized("wrong-token", "Invalid authorization token"));
    }
    Ok(next.run(request).await)
}

fn unauthorized(code: &str, message: &str) -> ErrorResponse {
    ErrorResponse::new(StatusCode::UNAUTHORIZED, code, message)
        .hint("send the header Authorization: Bearer TOKEN, with the token of secrets.api_token")
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

/// Takes the same time for every wrong token.
pub(super) fn same(token: &[u8], expected: &[u8; 32]) -> bool {
    let digest: [u8; 32] = Sha256::digest(token).into();
    digest.ct_eq(expected).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn token(header: &str) -> Option<Vec<u8>> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().unwrap());
        bearer(&headers).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_token_follows_the_word_bearer() {
        assert_eq!(token("Bearer abc").unwrap(), b"abc");
        assert_eq!(token("bearer  a b ").unwrap(), b"a b");
        for none in ["Bearer", "Bearer ", "Basic abc", "Bearerabc", "", "abc"] {
            assert_eq!(token(none), None, "{none:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[test]
    fn only_the_same_token_is_the_same() {
        let expected = Sha256::digest("secret").into();
        assert!(same(b"secret", &expected));
        for wrong in ["", "secre", "secret2", "Secret"] {
            assert!(!same(wrong.as_bytes(), &expected), "{wrong:?}");
        }
    }
}
