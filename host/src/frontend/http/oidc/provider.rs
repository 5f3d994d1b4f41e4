//! The steps of a sign-in, in their order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use parking_lot::Mutex;

use super::discovery::{DiscoveredProvider, discover};
use super::id_token::{ExpectedToken, Refusal, verify};
use super::pending_sign_ins::{PendingSignIn, PendingSignIns};
use super::{authorization, grants};
use crate::clock;
use crate::config::{CALLBACK_PATH, Oidc};
use crate::display::one_line;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::auth::Caller;
use crate::frontend::http::fields::FormFields;

/// After this time the provider is asked anew what it is, and which keys it has.
const DISCOVERY_LIFETIME: Duration = Duration::from_secs(3600);

/// The provider of the configuration, and the sign-ins that are on their way.
pub(in crate::frontend::http) struct OidcProvider {
    config: Oidc,
    scheme: &'static str,
    discovered: Mutex<Option<Arc<DiscoveredProvider>>>,
    pending: PendingSignIns,
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
}

impl OidcProvider {
    /// Asks the provider nothing yet. `over_tls`: whether this server is reached by https.
    pub(in crate::frontend::http) fn new(config: Oidc, over_tls: bool) -> Self {
        Self {
            config,
            scheme: if over_tls { "https" } else { "http" },
            discovered: Mutex::default(),
            pending: PendingSignIns::new(over_tls),
        }
    }

    /// What people know it by.
    pub(in crate::frontend::http) fn host(&self) -> String {
        self.config.host()
    }

    /// Sends a browser to the provider, and on to `next` once it has come back.
    pub(in crate::frontend::http) async fn begin(
        &self,
        next: &str,
        headers: &HeaderMap,
        address: IpAddr,
    ) -> Result<BegunSignIn> {
        let redirect_url = self.redirect_url(headers)?;
        let provider = self.discovered().await?;
        let sign_in = PendingSignIn::new(redirect_url, next);
        let request = authorization::request(&provider.metadata, &self.config, &sign_in);
        let (state, cookie) = self.pending.begin(sign_in, address, Instant::now());
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
        })
    }

    /// The value of `Set-Cookie` with which the browser forgets the way.
    pub(in crate::frontend::http) fn forget(&self) -> String {
        self.pending.forget()
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
        let known = self.discovered.lock().clone();
        match known {
            Some(known) if known.since.elapsed() < DISCOVERY_LIFETIME => Ok(known),
            _ => self.discover().await,
        }
    }

    async fn discover(&self) -> Result<Arc<DiscoveredProvider>> {
        let found = Arc::new(discover(&self.config).await?);
        *self.discovered.lock() = Some(found.clone());
        Ok(found)
    }
}
