//! How the service is reached and with which keys, from the configuration.

use std::path::Path;

use reqsign_aws_v4::{Credential, DefaultCredentialProvider, StaticCredentialProvider};
use reqsign_core::ProvideCredentialChain;

use crate::config::{Addressing, Bucket, Credentials, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::store::retry::RetryPolicy;

/// The configured keys, or what AWS's own variables, profiles and roles provide.
pub(super) fn providers(credentials: Option<&Credentials>) -> ProvideCredentialChain<Credential> {
    let chain = ProvideCredentialChain::new();
    let Some(given) = credentials else {
        return chain.push(DefaultCredentialProvider::builder().build());
    };
    let keys = StaticCredentialProvider::new(
        given.access_key_id.reveal(),
        given.secret_access_key.reveal(),
    );
    chain.push(match &given.session_token {
        Some(token) => keys.with_session_token(token.reveal()),
        None => keys,
    })
}

/// The service's URL.
pub(super) fn endpoint(bucket: &Bucket) -> &str {
    let given = bucket.endpoint.as_deref();
    given.unwrap_or("https://s3.amazonaws.com")
}

/// The bucket's URL, without a slash at the end.
pub(super) fn bucket_url(bucket: &Bucket) -> String {
    let endpoint = match &bucket.endpoint {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None => format!("https://s3.{}.amazonaws.com", bucket.region),
    };
    match bucket.addressing {
        Addressing::Path => format!("{endpoint}/{}", bucket.name),
        Addressing::Virtual => endpoint.replacen("://", &format!("://{}.", bucket.name), 1),
    }
}

/// Trusts the system's certificates, or only those of `ca_file`. Without TLS none are looked for:
/// a small image has none.
pub(super) fn client(
    spec: &StoreSpec,
    bucket: &Bucket,
    policy: RetryPolicy,
) -> Result<reqwest::Client> {
    // Fails only if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(policy.connect)
        .redirect(reqwest::redirect::Policy::none());
    let builder = if endpoint(bucket).starts_with("http://") {
        builder.tls_certs_only([])
    } else if let Some(file) = &bucket.ca_file {
        builder.tls_certs_only(authorities(spec, file)?)
    } else {
        builder
    };
    builder.build().map_err(|error| {
        let message = format!("store `{}` cannot be reached over TLS: {error}", spec.name);
        Error::new(Kind::Config, "no-tls", message)
            .hint("install the package `ca-certificates`, or name a `ca_file`")
            .caused_by(error)
    })
}

fn authorities(spec: &StoreSpec, file: &Path) -> Result<Vec<reqwest::Certificate>> {
    let pem = std::fs::read(file).map_err(|error| Error::io("read", file, error))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => {
            let message = format!(
                "{} of store `{}` holds no certificate",
                file.display(),
                spec.name
            );
            Err(Error::new(Kind::Config, "bad-ca-file", message)
                .hint("it must be PEM: `-----BEGIN CERTIFICATE-----`"))
        }
    }
}
