//! What every request to the page passes: its language, its session, and where it came from.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::failure::PageFailure;
use super::fields::FormFields;
use super::locale::Locale;
use super::origin::is_same_origin;
use super::session::cookie;
use super::{scopes, sign_in};
use crate::clock;
use crate::frontend::http::audit::AuditedRequest;
use crate::frontend::http::auth::{Caller, out_of_scope};
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::state::{ApiState, Peer};

/// The cookie with the language that was chosen.
const LANGUAGE_COOKIE: &str = "sidecar-language";

/// What a screen knows of the request for it.
#[derive(Clone)]
pub(super) struct PageVisit {
    pub(super) locale: Locale,
    /// From here to `/`: "./", "../", "../../".
    pub(super) root: String,
    /// Below `/`: "ui/backups".
    pub(super) path: String,
    pub(super) query: FormFields,
    pub(super) signed_in: bool,
    pub(super) now: Timestamp,
}

impl PageVisit {
    fn of(request: &Request, signed_in: bool) -> Self {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let above = path.matches('/').count();
        let query = FormFields::parse(request.uri().query().unwrap_or_default());
        let chosen = query.get("lang").and_then(Locale::of_tag);
        let remembered = || cookie(request.headers(), LANGUAGE_COOKIE).and_then(Locale::of_tag);
        Self {
            locale: chosen
                .or_else(remembered)
                .unwrap_or_else(|| Locale::accepted(request.headers())),
            root: match above {
                0 => "./".to_owned(),
                above => "../".repeat(above),
            },
            path,
            query,
            signed_in,
            now: clock::now(),
        }
    }

    /// The language, to be remembered if the request chose it.
    fn language_cookie(&self) -> Option<HeaderValue> {
        self.query.get("lang").and_then(Locale::of_tag)?;
        let tag = self.locale.tag();
        let cookie = format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age=31536000; SameSite=Lax");
        HeaderValue::from_str(&cookie).ok()
    }
}

/// Lets requests of a session pass, and changes only what a form of this page asks for. Shows what failed.
pub(super) async fn visit(
    State(app): State<Arc<ApiState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = app.sessions.caller(request.headers(), Instant::now());
    let visit = PageVisit::of(&request, caller.is_some());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let signs_in = visit.path == sign_in::PATH;
    let mut response = if changes && !is_same_origin(request.headers()) {
        PageFailure::from(cross_origin()).into_response()
    } else if signs_in {
        request.extensions_mut().insert(visit.clone());
        next.run(request).await
    } else if let Some(caller) = caller {
        request.extensions_mut().insert(visit.clone());
        as_caller(&app, caller, request, next).await
    } else if changes || wants_page(request.headers()) {
        sign_in::screen(&visit, None)
    } else {
        return no_session().into_response();
    };
    if let Some(failure) = response.extensions_mut().remove::<PageFailure>() {
        response = failure.screen(&visit);
    }
    if let Some(cookie) = visit.language_cookie() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The same limits and the same log as in the API.
async fn as_caller(app: &Arc<ApiState>, caller: Caller, request: Request, next: Next) -> Response {
    let operation = format!("{} {}", request.method(), request.uri().path());
    let Some(Peer(address)) = request.extensions().get().copied() else {
        return ErrorResponse::internal().into_response();
    };
    let needs = scopes::needs(request.method(), request.uri().path());
    let audited = AuditedRequest::of(&operation, &caller, address, &request);
    let response = match caller.scope < needs {
        true => PageFailure::from(out_of_scope(&caller, needs)).into_response(),
        false => next.run(request).await,
    };
    audited.answered(app, response).await
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_none_or(|accepted| accepted.contains("text/html") || accepted.contains("*/*"))
}

fn cross_origin() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::FORBIDDEN,
        "cross-origin",
        "this request did not come from a form of this page",
    )
    .hint("open the page itself, and use its buttons")
}

fn no_session() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::UNAUTHORIZED,
        "no-session",
        "the session has ended",
    )
    .hint("sign in again")
}
