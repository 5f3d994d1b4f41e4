//! Who may come in.

use super::auth::Tokens;
use super::page::Sessions;
use super::throttle::Throttle;
use crate::config::Secrets;

/// Who may come in: a client with a token in each request, a browser with a session that a token has bought.
pub(super) struct SignIn {
    pub(super) tokens: Tokens,
    /// Addresses that sent wrong tokens, in requests or in forms.
    pub(super) throttle: Throttle,
    /// Browsers that have signed in.
    pub(super) sessions: Sessions,
}

impl SignIn {
    /// With `over_tls`, cookies that only TLS carries.
    pub(super) fn new(secrets: &Secrets, over_tls: bool) -> Self {
        Self {
            tokens: Tokens::of(secrets),
            throttle: Throttle::default(),
            sessions: Sessions::new(over_tls),
        }
    }
}
