//! Signing in at the OpenID provider of the configuration: the way there, and the way back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use super::failure::PageFailure;
use super::frame::{Frame, MenuEntry, html, see};
use super::sign_in::{is_own, with_cookie};
use super::visit::PageVisit;
use crate::config::CALLBACK_PATH;
use crate::error::Error;
use crate::frontend::http::oidc::{CompletedSignIn, OidcProvider};
use crate::frontend::http::sign_in::SignIn;
use crate::frontend::http::state::Peer;

/// Where the link of the sign-in page leads.
const PATH: &str = "ui/sign-in/oidc";

/// A page from which the browser goes on by itself.
#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInScreen {
    page: Frame,
    /// From here to where the reader wanted to go.
    to: String,
}

/// What the requests share.
#[derive(Clone)]
struct ProviderSite {
    sign_in: Arc<SignIn>,
    provider: Arc<OidcProvider>,
}

/// None without a provider.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(sign_in: Arc<SignIn>) -> Router<S> {
    let Some(provider) = sign_in.provider.clone() else {
        return Router::new();
    };
    Router::new()
        .route(&format!("/{PATH}"), get(redirect))
        .route(&format!("/{CALLBACK_PATH}"), get(callback))
        .with_state(ProviderSite { sign_in, provider })
}

/// Sends the browser to the provider.
async fn redirect(
    State(site): State<ProviderSite>,
    Extension(visit): Extension<PageVisit>,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let next = visit.query.get("next").filter(|next| is_own(next));
    let replaces = site.sign_in.sessions.digest_of(&headers);
    let begun = site
        .provider
        .begin(next.unwrap_or_default(), &headers, replaces);
    let begun = begun.await.map_err(|error| refused(error, address))?;
    Ok(with_cookie(see(&begun.url), begun.cookie))
}

/// Begins a session of the person whom the provider has sent back.
async fn callback(
    State(site): State<ProviderSite>,
    Extension(visit): Extension<PageVisit>,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let completed = site.provider.complete(&visit.query, &headers).await;
    let CompletedSignIn {
        caller,
        next,
        replaces,
    } = completed.map_err(|error| refused(error, address))?;
    let (who, scope) = (&caller.name, caller.scope.as_str());
    tracing::info!(%address, who, scope, "signed in at the OpenID provider");
    // With a redirect of another site comes no strict cookie, and with what it leads to neither: the browser has
    // to go on from a page of this site.
    let title = visit.locale.text("signed-in");
    let screen = html(&SignedInScreen {
        page: Frame::new(&visit, MenuEntry::None, &title),
        to: format!("{}{}", visit.root, next),
    });
    let sessions = &site.sign_in.sessions;
    if let Some(replaced) = replaces {
        sessions.end_of(&replaced);
    }
    let session = sessions.begin(caller, &headers, Instant::now());
    Ok(with_cookie(
        with_cookie(screen, session),
        site.provider.forget(&headers),
    ))
}

fn refused(error: Error, address: IpAddr) -> PageFailure {
    let (code, why) = (error.code(), error.message());
    tracing::warn!(%address, code, "no sign-in at the OpenID provider: {why}");
    error.into()
}
