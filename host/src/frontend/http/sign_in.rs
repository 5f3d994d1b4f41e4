//! Who may come in.

use std::sync::Arc;

use tokio::sync::watch;

use super::auth::Tokens;
use super::cookie::CookieScope;
use super::oidc::OidcProvider;
use super::page::Sessions;
use super::streams::EventStreams;
use super::throttle::Throttle;
use crate::config::Secrets;

/// Who may come in: a client with a token in each request, a browser with a session that a token or a provider gave.
pub(super) struct SignIn {
    pub(super) tokens: Tokens,
    /// Addresses that sent wrong tokens, in requests or in forms.
    pub(super) throttle: Throttle,
    /// Browsers that have signed in.
    pub(super) sessions: Sessions,
    /// Streams of events of all of them.
    pub(super) streams: Arc<EventStreams>,
    /// At which people sign in, too.
    pub(super) provider: Option<Arc<OidcProvider>>,
    /// Whether others decide now who may come in.
    replaced: watch::Sender<bool>,
}

impl SignIn {
    /// Who knows one of the secrets.
    pub(super) fn new(secrets: &Secrets, scope: &CookieScope) -> Self {
        Self {
            tokens: Tokens::of(secrets),
            throttle: Throttle::default(),
            sessions: Sessions::new(scope),
            streams: Arc::default(),
            provider: None,
            replaced: watch::Sender::default(),
        }
    }

    /// Also people whom this provider knows, if there is one.
    pub(super) fn with_provider(self, provider: Option<OidcProvider>) -> Self {
        Self {
            provider: provider.map(Arc::new),
            ..self
        }
    }

    /// From now on others decide: streams of those that it has let in end.
    pub(super) fn replace(&self) {
        self.replaced.send_replace(true);
    }

    /// Whether others decide now.
    pub(super) fn is_replaced(&self) -> bool {
        *self.replaced.borrow()
    }

    /// Waits until others decide.
    pub(super) fn until_replaced(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut replaced = self.replaced.subscribe();
        async move {
            // Its sender goes with the last stream.
            let _ = replaced.wait_for(|replaced| *replaced).await;
        }
    }
}
