//! How the service is reached and with which keys, from the configuration.

use reqsign_aws_v4::{Credential, DefaultCredentialProvider, StaticCredentialProvider};
use reqsign_core::ProvideCredentialChain;

use crate::config::{Addressing, Bucket, Credentials, StoreSpec};
use crate::error::Result;
use crate::http_client::{self, ClientSpec};
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

/// A client of the service.
pub(super) fn client(
    spec: &StoreSpec,
    bucket: &Bucket,
    policy: RetryPolicy,
) -> Result<reqwest::Client> {
    http_client::client(&ClientSpec {
        name: &format!("store `{}`", spec.name),
        url: endpoint(bucket),
        ca_file: bucket.ca_file.as_deref(),
        connect_timeout: policy.connect,
        uses_proxy: true,
    })
}
