//! What the provider says of itself (OpenID Connect Discovery 1.0), and its keys.

use std::time::Instant;

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;

use super::client::ProviderClient;
use crate::config::{Oidc, is_confidential};
use crate::error::{Error, Kind, Result};

/// Where the document lies below the issuer.
const DOCUMENT: &str = ".well-known/openid-configuration";

/// What is needed of the document.
#[derive(Debug, Deserialize)]
pub(super) struct ProviderMetadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    /// How a client may show its secret; left out, as a name and a password.
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// A provider that has said what it is.
pub(super) struct DiscoveredProvider {
    pub(super) client: ProviderClient,
    pub(super) metadata: ProviderMetadata,
    /// What it signs with.
    pub(super) keys: JwkSet,
    pub(super) since: Instant,
}

/// Asks the provider.
pub(super) async fn discover(config: &Oidc) -> Result<DiscoveredProvider> {
    let client = ProviderClient::new(config)?;
    let url = format!("{}/{DOCUMENT}", config.issuer.trim_end_matches('/'));
    let metadata: ProviderMetadata = client.get(&url).await?;
    check(&metadata, config)?;
    let keys = client.get(&metadata.jwks_uri).await?;
    Ok(DiscoveredProvider {
        client,
        metadata,
        keys,
        since: Instant::now(),
    })
}

/// It has to be the issuer of the configuration, and no one may listen.
fn check(metadata: &ProviderMetadata, config: &Oidc) -> Result<()> {
    if metadata.issuer != config.issuer {
        let message = format!(
            "the OpenID provider at {} calls itself {}",
            config.issuer, metadata.issuer
        );
        return Err(Error::new(Kind::Upstream, "oidc-other-issuer", message)
            .hint("write app.oidc.issuer letter by letter as the provider does, if it is the right one"));
    }
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
    ];
    match endpoints.iter().find(|url| !is_confidential(url)) {
        Some(url) => {
            let message = format!("the OpenID provider names an address without https: {url}");
            Err(Error::new(Kind::Upstream, "oidc-plain-http", message)
                .hint("let those who run the provider correct what it says of itself"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::sample;
    use super::*;

    fn checked(issuer: &str, token_endpoint: &str) -> Result<()> {
        let metadata = ProviderMetadata {
            issuer: issuer.to_owned(),
            authorization_endpoint: "https://sso.example/authorize".to_owned(),
            token_endpoint: token_endpoint.to_owned(),
            jwks_uri: "https://keys.example/jwks".to_owned(),
            token_endpoint_auth_methods_supported: None,
        };
        check(&metadata, &sample())
    }

    #[test]
    fn a_provider_is_the_one_that_was_configured_and_reached_over_tls() {
        let token = "https://sso.example/token";
        assert!(checked("https://sso.example", token).is_ok());
        let code = |checked: Result<()>| checked.unwrap_err().code().to_owned();
        assert_eq!(
            code(checked("https://sso.example/", token)),
            "oidc-other-issuer"
        );
        let plain = checked("https://sso.example", "http://sso.example/token");
        assert_eq!(code(plain), "oidc-plain-http");
    }
}
