//! The browser's way to the provider, and what the provider gives for the code that it comes back with.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::discovery::{DiscoveredProvider, ProviderMetadata};
use super::pending_sign_ins::PendingSignIn;
use crate::config::Oidc;
use crate::display::one_line;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::fields::{FormFields, encoded};

/// The authentication request (OpenID Connect Core 1.0, section 3.1.2.1), which still lacks its `state`.
pub(super) struct AuthorizationRequest {
    endpoint: String,
    fields: FormFields,
}

impl AuthorizationRequest {
    /// The address for the browser.
    pub(super) fn with_state(self, state: &str) -> String {
        let between = if self.endpoint.contains('?') {
            '&'
        } else {
            '?'
        };
        let fields = self.fields.with("state", state).body();
        format!("{}{between}{fields}", self.endpoint)
    }
}

/// What the browser asks the provider.
pub(super) fn request(
    metadata: &ProviderMetadata,
    config: &Oidc,
    sign_in: &PendingSignIn,
) -> AuthorizationRequest {
    let scopes = std::iter::once("openid").chain(config.scopes.iter().map(String::as_str));
    let fields = FormFields::default()
        .with("response_type", "code")
        .with("client_id", &config.client_id)
        .with("redirect_uri", &sign_in.redirect_url)
        .with("scope", &scopes.collect::<Vec<_>>().join(" "))
        .with("nonce", &sign_in.nonce)
        .with("code_challenge", &challenge(&sign_in.code_verifier))
        .with("code_challenge_method", "S256");
    AuthorizationRequest {
        endpoint: metadata.authorization_endpoint.clone(),
        fields,
    }
}

/// RFC 7636, section 4.2.
fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// What the token endpoint answers, well or not.
#[derive(Deserialize)]
struct TokenResponse {
    id_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Gives the provider the code, and gets an ID token that is still to be verified.
pub(super) async fn exchange(
    provider: &DiscoveredProvider,
    config: &Oidc,
    sign_in: &PendingSignIn,
    code: &str,
) -> Result<String> {
    let form = FormFields::default()
        .with("grant_type", "authorization_code")
        .with("code", code)
        .with("redirect_uri", &sign_in.redirect_url)
        .with("code_verifier", &sign_in.code_verifier);
    let id = &config.client_id;
    // RFC 6749, section 2.3.1: both halves are encoded before they become a name and a password.
    let (form, login) = match &config.client_secret {
        Some(secret) if takes_basic(&provider.metadata) => {
            (form, Some((encoded(id), encoded(secret.reveal()))))
        }
        Some(secret) => {
            let form = form.with("client_id", id);
            (form.with("client_secret", secret.reveal()), None)
        }
        None => (form.with("client_id", id), None),
    };
    let endpoint = &provider.metadata.token_endpoint;
    let response: TokenResponse = provider.client.post(endpoint, &form, login).await?;
    response.id_token.ok_or_else(|| {
        let error = response.error.unwrap_or_else(|| "no ID token came".to_owned());
        let why = response.error_description.unwrap_or_default();
        let message = format!("the OpenID provider gives nothing for the code: {error} {why}");
        Error::new(Kind::Upstream, "oidc-code-refused", one_line(&message, 300))
            .hint("compare `client_id`, `client_secret` and `redirect_url` of app.oidc with what the provider has")
    })
}

fn takes_basic(metadata: &ProviderMetadata) -> bool {
    let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
    methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let expected = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(challenge(verifier), expected);
    }
}
