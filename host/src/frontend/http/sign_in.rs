//! Who may come in.

use std::sync::Arc;

use super::auth::Tokens;
use super::oidc::OidcProvider;
use super::page::Sessions;
use super::throttle::Throttle;
use crate::config::Secrets;

/// Who may come in: a client with a token in each request, a browser with a session that a token or a provider gave.
pub(super) struct SignIn {
    pub(super) tokens: Tokens,
    /// Addresses that sent wrong tokens, in requests or in forms.
    pub(super) throttle: Throttle,
    /// Browsers that have signed in.
    pub(super) sessions: Sessions,
    /// At which people sign in, too.
    pub(super) provider: Option<Arc<OidcProvider>>,
}

impl SignIn {
    /// With `over_tls`, cookies that only TLS carries.
    pub(super) fn new(secrets: &Secrets, over_tls: bool) -> Self {
        Self {
            tokens: Tokens::of(secrets),
            throttle: Throttle::default(),
            sessions: Sessions::new(over_tls),
            provider: None,
        }
    }

    /// Also people whom this provider knows, if there is one.
    pub(super) fn with_provider(self, provider: Option<OidcProvider>) -> Self {
        Self {
            provider: provider.map(Arc::new),
            ..self
        }
    }
}
