//! The steps of a sign-in, in their order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use super::discovery::{DiscoveredProvider, discover};
use super::id_token::{ExpectedToken, Refusal, verify};
use super::pending_sign_ins::{PendingSignIn, PendingSignIns};
use super::{authorization, grants};
use crate::clock;
use crate::config::{CALLBACK_PATH, Oidc};
use crate::display::one_line;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::auth::Caller;
use crate::frontend::http::cookie::CookieScope;
use crate::frontend::http::fields::FormFields;

/// After this time the provider is asked anew what it is, and which keys it has.
const DISCOVERY_LIFETIME: Duration = Duration::from_secs(3600);

/// For this time a provider that has failed is not asked again: a browser that waits for it holds a connection.
const FAILURE_LIFETIME: Duration = Duration::from_secs(5);
/// Characters of a host at most, with its port.
const LONGEST_HOST: usize = 262;

/// The provider of the configuration, and the sign-ins that are on their way.
pub(in crate::frontend::http) struct OidcProvider {
    config: Oidc,
    scheme: &'static str,
    discovered: Mutex<Option<Arc<DiscoveredProvider>>>,
    /// Held while the provider is asked; why it failed when it was last asked.
    asking: AsyncMutex<Option<FailedDiscovery>>,
    pending: PendingSignIns,
}

/// A provider that could not be used.
struct FailedDiscovery {
    at: Instant,
    why: Arc<Error>,
}

/// A browser on its way to the provider.
pub(in crate::frontend::http) struct BegunSignIn {
    /// Where it goes.
    pub(in crate::frontend::http) url: String,
    /// The value of `Set-Cookie` by which it is known when it comes back.
    pub(in crate::frontend::http) cookie: String,
}

/// A person whom the provider has signed in.
#[derive(Debug)]
pub(in crate::frontend::http) struct CompletedSignIn {
    pub(in crate::frontend::http) caller: Caller,
    /// The screen that was asked for at first, below `/`.
    pub(in crate::frontend::http) next: String,
    /// The digest of the session that the new one takes the place of.
    pub(in crate::frontend::http) replaces: Option<[u8; 32]>,
}

impl OidcProvider {
    /// Asks the provider nothing yet. `over_tls`: whether this server is reached by https.
    pub(in crate::frontend::http) fn new(
        config: Oidc,
        over_tls: bool,
        scope: &CookieScope,
    ) -> Self {
        Self {
            config,
            scheme: if over_tls { "https" } else { "http" },
            discovered: Mutex::default(),
            asking: AsyncMutex::default(),
            pending: PendingSignIns::new(scope),
        }
    }

    /// What people know it by.
    pub(in crate::frontend::http) fn host(&self) -> String {
        self.config.host()
    }

    /// Sends a browser to the provider, and on to `next` once it has come back. Its session of now, `replaces`, ends then.
    pub(in crate::frontend::http) async fn begin(
        &self,
        next: &str,
        headers: &HeaderMap,
        replaces: Option<[u8; 32]>,
    ) -> Result<BegunSignIn> {
        let redirect_url = self.redirect_url(headers)?;
        let provider = self.discovered().await?;
        let sign_in = PendingSignIn::new(redirect_url, next, replaces);
        let request = authorization::request(&provider.metadata, &self.config, &sign_in);
        let (state, cookie) = self.pending.begin(sign_in, headers, Instant::now())?;
        Ok(BegunSignIn {
            url: request.with_state(&state),
            cookie,
        })
    }

    /// Takes what the provider has sent the browser back with: `answer` is the query, `headers` are the browser's.
    pub(in crate::frontend::http) async fn complete(
        &self,
        answer: &FormFields,
        headers: &HeaderMap,
    ) -> Result<CompletedSignIn> {
        let state = answer.get("state").unwrap_or_default();
        let sign_in = self.pending.take(state, headers, Instant::now())?;
        let code = self.code(answer)?;
        let provider = self.discovered().await?;
        let token = authorization::exchange(&provider, &self.config, &sign_in, code).await?;
        let expected = ExpectedToken {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &sign_in.nonce,
            now: clock::now(),
        };
        let claims = match verify(&token, &provider.keys, &expected) {
            // The provider may have new keys since, with or without new names.
            Err(Refusal::UnknownKey | Refusal::Signature) => {
                verify(&token, &self.discover().await?.keys, &expected)
            }
            verified => verified,
        }?;
        Ok(CompletedSignIn {
            caller: grants::caller(&self.config, &claims)?,
            next: sign_in.next,
            replaces: sign_in.replaces,
        })
    }

    /// The value of `Set-Cookie` with which the browser forgets the way.
    pub(in crate::frontend::http) fn forget(&self, headers: &HeaderMap) -> String {
        self.pending.forget(headers)
    }

    /// The code, unless the provider has refused.
    fn code<'a>(&self, answer: &'a FormFields) -> Result<&'a str> {
        let from_elsewhere = answer
            .get("iss")
            .is_some_and(|iss| iss != self.config.issuer);
        if from_elsewhere {
            let message = "the answer comes from another issuer than app.oidc.issuer";
            return Err(Error::new(Kind::Forbidden, "oidc-wrong-issuer", message)
                .hint("sign in again; if it happens again, another program may be intercepting the sign-in"));
        }
        if let Some(error) = answer.get("error") {
            let why = answer.get("error_description").unwrap_or_default();
            let message = format!("{} has refused: {error} {why}", self.host());
            return Err(
                Error::new(Kind::Forbidden, "oidc-refused", one_line(&message, 300))
                    .hint("sign in again, or ask those who run the provider"),
            );
        }
        answer.get("code").ok_or_else(|| {
            let message = format!("{} has sent neither a code nor an error", self.host());
            Error::new(Kind::Upstream, "oidc-no-code", message)
        })
    }

    /// Where the provider is to send the browser back to.
    fn redirect_url(&self, headers: &HeaderMap) -> Result<String> {
        if let Some(url) = &self.config.redirect_url {
            return Ok(url.clone());
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.filter(|host| host.len() <= LONGEST_HOST);
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        match host {
            Some(host) => Ok(format!("{}://{host}/{CALLBACK_PATH}", self.scheme)),
            None => Err(
                Error::new(Kind::BadRequest, "no-host", "the request names no host")
                    .hint("set app.oidc.redirect_url"),
            ),
        }
    }

    /// What is known of the provider, asked for if that is nothing or old.
    async fn discovered(&self) -> Result<Arc<DiscoveredProvider>> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let mut failed = self.asking.lock().await;
        // Another sign-in may have asked meanwhile.
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let last = failed
            .as_ref()
            .filter(|last| last.at.elapsed() < FAILURE_LIFETIME);
        if let Some(last) = last {
            return Err(again(&last.why));
        }
        match self.discover().await {
            Ok(found) => {
                *failed = None;
                Ok(found)
            }
            Err(error) => {
                let why = Arc::new(error);
                let error = again(&why);
                *failed = Some(FailedDiscovery {
                    at: Instant::now(),
                    why,
                });
                Err(error)
            }
        }
    }

    fn known(&self) -> Option<Arc<DiscoveredProvider>> {
        let known = self.discovered.lock().clone();
        known.filter(|known| known.since.elapsed() < DISCOVERY_LIFETIME)
    }

    async fn discover(&self) -> Result<Arc<DiscoveredProvider>> {
        let found = Arc::new(discover(&self.config).await?);
        *self.discovered.lock() = Some(found.clone());
        Ok(found)
    }
}

/// The same for another who has waited for it.
fn again(why: &Error) -> Error {
    let error = Error::new(why.kind(), why.code().to_owned(), why.message());
    match why.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
