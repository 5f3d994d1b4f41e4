//! Signing in at an OpenID provider: the authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE.
//!
//! ```text
//! provider ──► pending_sign_ins             those that have left for the provider
//!    ├───────► discovery ──► client         what the provider is, asked when it is first needed
//!    ├───────► authorization ──► client     the way there, and what comes back for the code
//!    ├───────► id_token ──► signature       what the provider says, if it is the provider that says it
//!    └───────► grants                       who that is, and what the person may do
//! ```
//!
//! A provider that does not answer keeps people from signing in there, and nothing else from anything.

mod authorization;
mod client;
mod discovery;
mod grants;
mod id_token;
mod pending_sign_ins;
mod provider;
mod signature;

pub(super) use provider::{CompletedSignIn, OidcProvider};

/// A provider of a test.
#[cfg(test)]
fn sample() -> crate::config::Oidc {
    use crate::config::TokenScope;
    let grants = [
        ("ops", TokenScope::Admin),
        ("developers", TokenScope::Run),
        ("alice@example", TokenScope::Read),
    ];
    crate::config::Oidc {
        issuer: "https://sso.example".to_owned(),
        client_id: "sidecar".to_owned(),
        client_secret: None,
        redirect_url: None,
        ca_file: None,
        scopes: Vec::new(),
        claim: "groups".to_owned(),
        grants: grants
            .map(|(value, scope)| (value.to_owned(), scope))
            .into(),
    }
}
