//! Requests to the provider: bounded in time and size, and never sent on to another place.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::config::Oidc;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::fields::FormFields;
use crate::http_client::{self, ClientSpec, failure};

/// How long an answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of an answer at most: the keys of a large provider are some kilobytes.
const LARGEST_ANSWER: usize = 256 * 1024;

/// A client that trusts what the configuration says.
pub(super) struct ProviderClient(Client);

impl ProviderClient {
    pub(super) fn new(config: &Oidc) -> Result<Self> {
        let spec = ClientSpec {
            name: "app.oidc",
            url: &config.issuer,
            ca_file: config.ca_file.as_deref(),
            connect_timeout: TIME_LIMIT,
            uses_proxy: true,
        };
        http_client::client(&spec).map(Self)
    }

    /// A document of the provider.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T> {
        match self.send(url, self.0.get(url)).await? {
            (StatusCode::OK, body) => parsed(url, &body),
            (status, _) => Err(unusable(url, &format!("it answers {status}"))),
        }
    }

    /// The answer to a form, whatever its status; `login` is a name and a password.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &FormFields,
        login: Option<(String, String)>,
    ) -> Result<T> {
        let request = self.0.post(url);
        let request = match login {
            Some((name, password)) => request.basic_auth(name, Some(password)),
            None => request,
        };
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.body());
        let (_, body) = self.send(url, request).await?;
        parsed(url, &body)
    }

    async fn send(&self, url: &str, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>)> {
        let request = request
            .timeout(TIME_LIMIT)
            .header(ACCEPT, "application/json");
        let broken =
            |error: reqwest::Error| unusable(url, &failure(&error, TIME_LIMIT)).caused_by(error);
        let mut answer = request.send().await.map_err(broken)?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(broken)? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST_ANSWER {
                return Err(unusable(url, "its answer is too large"));
            }
        }
        Ok((answer.status(), body))
    }
}

fn parsed<T: DeserializeOwned>(url: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        unusable(
            url,
            &format!("its answer is not what it should be: {error}"),
        )
        .caused_by(error)
    })
}

/// The provider is away, or is none.
fn unusable(url: &str, why: &str) -> Error {
    let message = format!("the OpenID provider cannot be used at {url}: {why}");
    Error::new(Kind::Upstream, "oidc-unusable", message)
        .hint("try again later, or sign in with a token; `app.oidc` says where the provider is")
}
