//! Signing in with the token, and out.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::frame::{Frame, MenuEntry, html, see};
use super::marks::Tone;
use super::oidc;
use super::visit::PageVisit;
use crate::frontend::http::fields::FormFields;
use crate::frontend::http::sign_in::SignIn;
use crate::frontend::http::state::Peer;

/// Where the form of the token goes to; what lies below it signs in too.
const PATH: &str = "ui/sign-in";

/// Bytes of an address at most that a browser remembers while it signs in.
const LONGEST_NEXT: usize = 500;

/// Whether a page is seen without a session.
pub(super) fn signs_in(path: &str) -> bool {
    let below = path.strip_prefix(PATH);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInScreen {
    page: Frame,
    /// Why it did not work.
    problem: Option<String>,
    /// Where to go then, below `/`.
    next: String,
    /// At which people sign in without the token.
    provider: Option<String>,
}

/// Signing in and out, of any page: what else its requests share does not matter here.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(sign_in: Arc<SignIn>) -> Router<S> {
    Router::new()
        .route("/ui/sign-in", get(form).post(begin))
        .route("/ui/sign-out", post(end))
        .with_state(sign_in.clone())
        .merge(oidc::routes(sign_in))
}

/// The form for the token, at whatever address it was asked for, and on to `next` then.
pub(super) fn screen(visit: &PageVisit, next: &str, problem: Option<String>) -> Response {
    let title = visit.locale.text("sign-in-title");
    html(&SignInScreen {
        page: Frame::new(visit, MenuEntry::None, &title).icon(Tone::Empty),
        problem,
        next: next.to_owned(),
        provider: visit.provider.clone(),
    })
}

/// The form by itself.
async fn form(Extension(visit): Extension<PageVisit>) -> Response {
    screen(&visit, visit.query.get("next").unwrap_or_default(), None)
}

/// Takes the token, and begins a session. Wrong ones count as they do in the API.
async fn begin(
    State(sign_in): State<Arc<SignIn>>,
    Extension(visit): Extension<PageVisit>,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let (now, fields) = (Instant::now(), FormFields::parse(&body));
    let next = fields.get("next").filter(|next| is_own(next));
    let next = next.unwrap_or_default();
    let token = fields.get("token").unwrap_or_default().trim();
    let Some(caller) = sign_in.tokens.caller(token.as_bytes()).cloned() else {
        tracing::warn!(%address, "a wrong token was typed into the page");
        let (status, problem) = match sign_in.throttle.failed(address, now) {
            Some(wait) => {
                let wait = visit.locale.duration(wait.as_millis() as u64 + 1000);
                let problem = visit.locale.fill("sign-in-wait", &[("time", wait.into())]);
                (StatusCode::TOO_MANY_REQUESTS, problem)
            }
            None => (StatusCode::UNAUTHORIZED, visit.locale.text("sign-in-wrong")),
        };
        return (status, screen(&visit, next, Some(problem))).into_response();
    };
    let to = format!("{}{next}", visit.root);
    let session = sign_in.sessions.begin(caller, &headers, now);
    with_cookie(see(&to), session)
}

/// Ends the session.
async fn end(
    State(sign_in): State<Arc<SignIn>>,
    Extension(visit): Extension<PageVisit>,
    headers: HeaderMap,
) -> Response {
    with_cookie(see(&visit.root), sign_in.sessions.end(&headers))
}

pub(super) fn with_cookie(mut response: Response, cookie: String) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Whether it is a screen of this page: no link may lead a reader who signs in to another place.
pub(super) fn is_own(next: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
    next.len() <= LONGEST_NEXT
        && next.starts_with("ui/")
        && next.chars().all(plain)
        && !next.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_screens_of_this_page_alone() {
        assert!(is_own("ui/runs/0193-a"));
        for other in [
            "//evil",
            "https://evil",
            "ui/../x",
            "ui/\\evil",
            "backup/run",
            "ui/a?b",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
