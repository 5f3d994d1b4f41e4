//! What all requests share, and what is known of a client.

use std::net::IpAddr;
use std::sync::Arc;

use super::cookie::CookieScope;
use super::coverage::Coverage;
use super::error_response::ErrorResponse;
use super::oidc::OidcProvider;
use super::sign_in::SignIn;
use crate::service::Jobs;

/// What every request shares.
pub(super) struct ApiState {
    pub(super) jobs: Arc<Jobs>,
    pub(super) sign_in: Arc<SignIn>,
    pub(super) coverage: Arc<Coverage>,
}

/// The address of the client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

impl Peer {
    /// The client, as the journal names it.
    pub(super) fn asked_by(self) -> String {
        format!("http {}", self.0.to_canonical())
    }
}

impl ApiState {
    pub(super) fn new(jobs: Arc<Jobs>) -> Self {
        let config = jobs.service().config();
        let listen = &config.app.listen;
        let scope = CookieScope::of(listen);
        let oidc = config.app.oidc.clone();
        let provider = oidc.map(|oidc| OidcProvider::new(oidc, listen.tls.is_some(), &scope));
        let sign_in = SignIn::new(&config.secrets, &scope).with_provider(provider);
        Self {
            jobs,
            sign_in: Arc::new(sign_in),
            coverage: Arc::default(),
        }
    }

    /// The same for those whom `other` lets in.
    pub(super) fn letting_in(&self, other: &Self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            sign_in: other.sign_in.clone(),
            coverage: self.coverage.clone(),
        }
    }

    /// Does work that may wait for the disk on a thread where no other request waits for it.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, ErrorResponse> {
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.map_err(|_| ErrorResponse::internal())
    }
}
