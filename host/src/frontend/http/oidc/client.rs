//! Requests to the provider: bounded in time and size, and never sent on to another place.

use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::config::Oidc;
use crate::error::{Error, Kind, Result};
use crate::frontend::http::fields::FormFields;

/// How long an answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of an answer at most: the keys of a large provider are some kilobytes.
const LARGEST_ANSWER: usize = 256 * 1024;

/// A client that trusts what the configuration says.
pub(super) struct ProviderClient(Client);

impl ProviderClient {
    pub(super) fn new(config: &Oidc) -> Result<Self> {
        // Fails only if there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .timeout(TIME_LIMIT)
            .redirect(Policy::none())
            .user_agent(concat!("sidecar/", env!("CARGO_PKG_VERSION")));
        // Without TLS no certificates are looked for: a small image has none.
        let builder = match &config.ca_file {
            _ if config.issuer.starts_with("http://") => builder.tls_certs_only([]),
            Some(file) => builder.tls_certs_only(authorities(file)?),
            None => builder,
        };
        let client = builder.build().map_err(|error| {
            let message = format!("app.oidc: the provider cannot be reached over TLS: {error}");
            Error::new(Kind::Config, "no-tls", message)
                .hint("install the package `ca-certificates`, or name a `ca_file`")
                .caused_by(error)
        })?;
        Ok(Self(client))
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
        let request = request.header(ACCEPT, "application/json");
        let broken = |error: reqwest::Error| unusable(url, &reason(&error)).caused_by(error);
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

/// What an error was caused by at last: the library's own text names no more than the URL.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", TIME_LIMIT.as_secs());
    }
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes
        .last()
        .map_or_else(|| "the connection broke".to_owned(), ToString::to_string)
}

fn authorities(file: &Path) -> Result<Vec<Certificate>> {
    let pem = std::fs::read(file).map_err(|error| Error::io("read", file, error))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => {
            let message = format!("app.oidc.ca_file: {} holds no certificate", file.display());
            Err(Error::new(Kind::Config, "bad-ca-file", message)
                .hint("it must be PEM: `-----BEGIN CERTIFICATE-----`"))
        }
    }
}
