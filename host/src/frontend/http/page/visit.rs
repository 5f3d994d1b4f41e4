//! What every request to the page passes: its language, its session, and where it came from.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::failure::PageFailure;
use super::frame::MenuEntry;
use super::locale::Locale;
use super::origin::{is_same_origin, other_host};
use super::sign_in;
use crate::clock;
use crate::config::TokenScope;
use crate::display::{one_line, visible_line};
use crate::frontend::http::auth::Caller;
use crate::frontend::http::cookie::cookie;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::fields::FormFields;
use crate::frontend::http::sign_in::SignIn;
use crate::frontend::http::state::Peer;

/// Characters of a host at most that a message repeats.
const LONGEST_HOST: usize = 100;
/// The cookie with the language that was chosen.
const LANGUAGE_COOKIE: &str = "sidecar-language";

/// The page of a program: who may see it, and what its menu leads to.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) sign_in: Arc<SignIn>,
    pub(super) menu: &'static [MenuEntry],
}

/// What a screen knows of the request for it.
#[derive(Clone)]
pub(super) struct PageVisit {
    pub(super) menu: &'static [MenuEntry],
    pub(super) locale: Locale,
    /// From here to `/`: "./", "../", "../../".
    pub(super) root: String,
    /// Below `/`: "ui/backups".
    pub(super) path: String,
    pub(super) query: FormFields,
    /// Whose session it is; none: this is signing in, or being told to.
    pub(super) caller: Option<Caller>,
    /// The host of the OpenID provider, if there is one.
    pub(super) provider: Option<String>,
    pub(super) now: Timestamp,
}

impl PageVisit {
    fn of(request: &Request, site: &Site, caller: Option<Caller>) -> Self {
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let above = path.matches('/').count();
        let query = FormFields::parse(request.uri().query().unwrap_or_default());
        let chosen = query.get("lang").and_then(Locale::of_tag);
        let remembered = || cookie(request.headers(), LANGUAGE_COOKIE).and_then(Locale::of_tag);
        Self {
            menu: site.menu,
            locale: chosen
                .or_else(remembered)
                .unwrap_or_else(|| Locale::accepted(request.headers())),
            root: match above {
                0 => "./".to_owned(),
                above => "../".repeat(above),
            },
            path,
            query,
            caller,
            provider: site
                .sign_in
                .provider
                .as_ref()
                .map(|provider| provider.host()),
            now: clock::now(),
        }
    }

    /// Whether the session may do what needs this scope.
    pub(super) fn may(&self, needs: TokenScope) -> bool {
        self.caller
            .as_ref()
            .is_some_and(|caller| caller.scope >= needs)
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
    State(site): State<Site>,
    Extension(Peer(address)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let sessions = &site.sign_in.sessions;
    let caller = sessions.caller(request.headers(), Instant::now());
    let visit = PageVisit::of(&request, &site, caller.clone());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let signs_in = sign_in::signs_in(&visit.path);
    let mut response = if changes && !is_same_origin(request.headers()) {
        PageFailure::from(cross_origin(request.headers())).into_response()
    } else if caller.is_some() || signs_in {
        request.extensions_mut().insert(visit.clone());
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        next.run(request).await
    } else if changes || wants_page(request.headers()) {
        sign_in::screen(&visit, &visit.path, None)
    } else {
        return no_session().into_response();
    };
    if let Some(failure) = response.extensions_mut().remove::<PageFailure>() {
        response = failure.screen(&visit);
    }
    if let Some(caller) = &visit.caller {
        let streams = &site.sign_in.streams;
        response = streams.bounded(&caller.name, address, response);
    }
    if let Some(cookie) = visit.language_cookie() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_none_or(|accepted| accepted.contains("text/html") || accepted.contains("*/*"))
}

fn cross_origin(headers: &HeaderMap) -> ErrorResponse {
    let refused =
        |message: String| ErrorResponse::new(StatusCode::FORBIDDEN, "cross-origin", message);
    let message = "this request did not come from a form of this page";
    match other_host(headers) {
        Some((origin, host)) => {
            let shown = |text: &str| one_line(&visible_line(text), LONGEST_HOST);
            let (origin, host) = (shown(origin), shown(host));
            refused(format!("{message}: the browser says that it is at {origin}, and the request asks for the host {host}"))
                .hint(
                    "open the page itself, and use its buttons; if a proxy stands in between, it has to pass the host on: \
                     `proxy_set_header Host $http_host` in nginx",
                )
        }
        None => refused(message.to_owned()).hint("open the page itself, and use its buttons"),
    }
}

fn no_session() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::UNAUTHORIZED,
        "no-session",
        "the session has ended",
    )
    .hint("sign in again")
}
