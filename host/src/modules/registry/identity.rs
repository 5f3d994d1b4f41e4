//! Identity tokens: what `docker login` stores of some accounts instead of a password. The server that the registry names
//! changes one into a token for a repository, as OAuth 2.0 refreshes one: <https://distribution.github.io/distribution/spec/auth/oauth/>

use http::header::{CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference as OciReference, RegistryOperation};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::errors::{RegistryErrors, RegistryFailure};
use crate::config::Secret;

/// How the server of tokens knows this program.
const CLIENT: &str = "sidecar";

/// What a form has in place of every other character.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Of an account: it may be changed into tokens again and again.
pub(super) struct IdentityToken(Secret);

/// Where tokens of a registry come from.
#[derive(Debug, PartialEq, Eq)]
struct TokenServer {
    url: String,
    /// What it calls the registry.
    service: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

impl IdentityToken {
    pub(super) fn new(token: String) -> Self {
        Self(Secret::new(token))
    }

    /// Asks the registry at `url` who gives tokens for it, and that one for a token. A registry that wants none is asked
    /// without.
    pub(super) async fn exchange(
        &self,
        http: &reqwest::Client,
        url: &str,
        of: (&OciReference, RegistryOperation),
        errors: &RegistryErrors,
    ) -> Result<RegistryAuth, RegistryFailure> {
        let failed = |error| errors.tokens_failed(error);
        let asked = http.get(format!("{url}/v2/")).send().await;
        let asked = asked.map_err(failed)?;
        let status = asked.status();
        if status.is_success() {
            return Ok(RegistryAuth::Anonymous);
        }
        let server = TokenServer::named_in(asked.headers())
            // It would read the account's token on the way.
            .filter(|server| server.url.starts_with("https://") || url.starts_with("http://"))
            .ok_or_else(|| errors.tokens_refused(status.as_u16()))?;
        let granted = http
            .post(&server.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.order(&server, of))
            .send()
            .await
            .map_err(failed)?;
        if !granted.status().is_success() {
            return Err(errors.tokens_refused(granted.status().as_u16()));
        }
        let text = granted.bytes().await.map_err(failed)?;
        let granted: Option<Granted> = serde_json::from_slice(&text).ok();
        let token = granted.map(|granted| granted.access_token);
        let fits_a_header = |token: &String| token.bytes().all(|byte| byte.is_ascii_graphic());
        let token = token
            .filter(fits_a_header)
            .ok_or_else(|| errors.no_token())?;
        Ok(RegistryAuth::Bearer(token))
    }

    /// The body of the request for a token.
    fn order(
        &self,
        server: &TokenServer,
        (reference, operation): (&OciReference, RegistryOperation),
    ) -> String {
        let actions = match operation {
            RegistryOperation::Pull => "pull",
            RegistryOperation::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", reference.repository());
        let fields = [
            ("grant_type", "refresh_token"),
            ("service", server.service.as_str()),
            ("client_id", CLIENT),
            ("scope", scope.as_str()),
            ("refresh_token", self.0.reveal()),
        ];
        let encoded =
            fields.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED)));
        encoded.join("&")
    }
}

impl TokenServer {
    /// Out of `WWW-Authenticate: Bearer realm="https://auth.example/token",service="registry.example"`.
    fn named_in(headers: &HeaderMap) -> Option<Self> {
        let mut challenges = headers.get_all(WWW_AUTHENTICATE).iter();
        challenges.find_map(|challenge| {
            let (scheme, fields) = challenge.to_str().ok()?.split_once(' ')?;
            let field = |name: &str| {
                let (_, value) = fields.split_once(&format!("{name}=\""))?;
                value.split_once('"').map(|(value, _)| value.to_owned())
            };
            scheme.eq_ignore_ascii_case("bearer").then_some(())?;
            Some(Self {
                url: field("realm")?,
                service: field("service").unwrap_or_default(),
            })
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_registry_names_its_server_of_tokens() {
        let named = |challenge: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
            TokenServer::named_in(&headers)
        };
        let server = |service: &str| TokenServer {
            url: "https://auth.example/token".to_owned(),
            service: service.to_owned(),
        };
        assert_eq!(
            named(
                r#"Bearer realm="https://auth.example/token",service="registry",scope="repository:a:pull,push""#
            ),
            Some(server("registry"))
        );
        assert_eq!(
            named(r#"bearer realm="https://auth.example/token""#),
            Some(server(""))
        );
        for none in [r#"Basic realm="x""#, "Bearer", r#"Bearer service="x""#] {
            assert_eq!(named(none), None, "{none}");
        }
    }
}
