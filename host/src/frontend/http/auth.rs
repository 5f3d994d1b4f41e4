//! Bearer tokens: each request is that of one, which has the scope that the operation needs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::audit::AuditedRequest;
use super::error_response::ErrorResponse;
use super::sign_in::SignIn;
use super::state::{ApiState, Peer};
use crate::config::{API_TOKEN, Secrets, TokenScope};

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The token's name, or `oidc:` and the person's.
    pub(super) name: String,
    /// What it may do.
    pub(super) scope: TokenScope,
}

/// The tokens of the configuration, by their digests: a comparison takes the same time for any length.
pub(super) struct Tokens(Vec<([u8; 32], Caller)>);

impl Tokens {
    pub(super) fn of(secrets: &Secrets) -> Self {
        let admin = Caller {
            name: API_TOKEN.to_owned(),
            scope: TokenScope::Admin,
        };
        let named = secrets.tokens.iter().map(|token| {
            let caller = Caller {
                name: token.name.clone(),
                scope: token.scope,
            };
            (Sha256::digest(token.token.reveal()).into(), caller)
        });
        let first = (Sha256::digest(secrets.api_token.reveal()).into(), admin);
        Self(std::iter::once(first).chain(named).collect())
    }

    /// Whose token it is. Takes the same time for every token.
    pub(super) fn caller(&self, token: &[u8]) -> Option<&Caller> {
        let mut found = None;
        for (expected, caller) in &self.0 {
            if same(token, expected) {
                found = Some(caller);
            }
        }
        found
    }
}

/// What stands before an operation.
pub(super) struct Guard {
    pub(super) app: Arc<ApiState>,
    /// `POST /backup/restore`
    pub(super) operation: String,
    pub(super) needs: TokenScope,
    /// What a caller is answered who may not.
    pub(super) refused: fn(&Caller, TokenScope) -> Response,
}

/// Lets requests with a token pass. An address that sent too many wrong ones is told to wait with the next.
pub(super) async fn authenticate(
    State(sign_in): State<Arc<SignIn>>,
    Extension(Peer(address)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, ErrorResponse> {
    let Some(token) = bearer(request.headers()) else {
        return Err(unauthorized("no-token", "Missing Bearer token"));
    };
    let Some(caller) = sign_in.tokens.caller(token).cloned() else {
        return Err(match sign_in.throttle.failed(address, Instant::now()) {
            Some(wait) => too_many(wait),
            None => {
                tracing::warn!(%address, "a request has a wrong token");
                unauthorized("wrong-token", "Invalid authorization token")
            }
        });
    };
    let name = caller.name.clone();
    request.extensions_mut().insert(caller);
    let answer = next.run(request).await;
    Ok(sign_in.streams.bounded(&name, address, answer))
}

/// Lets callers pass that may do it, and writes down what was asked.
pub(super) async fn require_scope(
    State(guard): State<Arc<Guard>>,
    Extension(Peer(address)): Extension<Peer>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let asked = AuditedRequest::of(&guard.app, &guard.operation, &caller, address, &request);
    let response = match caller.scope >= guard.needs {
        true => next.run(request).await,
        false => (guard.refused)(&caller, guard.needs),
    };
    asked.answered(response).await
}

/// The caller is known, and may not do this.
pub(super) fn out_of_scope(caller: &Caller, needs: TokenScope) -> ErrorResponse {
    let (needs, scope) = (needs.as_str(), caller.scope.as_str());
    let message = format!("{} may not do this: its scope is {scope}", caller.name);
    ErrorResponse::new(StatusCode::FORBIDDEN, "scope-missing", message).hint(format!(
        "this needs the scope {needs}: give a client such a token under secrets.tokens, and a person under app.oidc.grants"
    ))
}

fn too_many(wait: Duration) -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-bad-tokens",
        "too many requests with a wrong token came from this address",
    )
    .hint("correct the token, and come back later")
    .retry_after(wait.as_secs() + 1)
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
fn same(token: &[u8], expected: &[u8; 32]) -> bool {
    let digest: [u8; 32] = Sha256::digest(token).into();
    digest.ct_eq(expected).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::config::{NamedToken, Secret};

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
    fn each_token_has_its_name_and_scope() {
        let named = |name: &str, scope, token: &str| NamedToken {
            name: name.to_owned(),
            scope,
            token: Secret::new(token),
        };
        let tokens = Tokens::of(&Secrets {
            api_token: Secret::new("all"),
            tokens: vec![
                named("fleet", TokenScope::Read, "see"),
                named("night", TokenScope::Run, "make"),
            ],
        });
        let caller = |token: &str| {
            let found = tokens.caller(token.as_bytes());
            found.map(|caller| (caller.name.clone(), caller.scope))
        };
        assert_eq!(
            caller("all"),
            Some(("api_token".to_owned(), TokenScope::Admin))
        );
        assert_eq!(caller("see"), Some(("fleet".to_owned(), TokenScope::Read)));
        assert_eq!(caller("make"), Some(("night".to_owned(), TokenScope::Run)));
        assert_eq!(caller("mak"), None);
        assert!(TokenScope::Read < TokenScope::Run && TokenScope::Run < TokenScope::Restore);
        assert!(TokenScope::Restore < TokenScope::Admin);
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
