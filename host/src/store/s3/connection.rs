//! A bucket that can be asked.

use std::sync::Arc;

use opendal::services::S3;
use opendal::{HttpTransporter, OperationContext, Operator};

use super::adaptation::Adaptation;
use super::dialect::Dialect;
use super::http_client::{bucket_url, client, endpoint, providers};
use super::signed::SignedClient;
use super::signing::{RequestSigning, SigningClock};
use super::transport::{ClockSkew, RetryingTransport};
use crate::config::{Addressing, Bucket, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::store::error::skew_in_words;
use crate::store::keys;
use crate::store::retry::RetryPolicy;

/// What every request to a bucket needs.
pub(super) struct S3Connection {
    /// The store's name.
    pub(super) store: String,
    prefix: String,
    /// `bucket backups at http://minio:9000`
    pub(super) location: String,
    pub(super) operator: Operator,
    /// For what the library does not know.
    pub(super) signed: SignedClient,
    pub(super) skew: Arc<ClockSkew>,
    pub(super) dialect: Arc<Dialect>,
    signing_clock: Arc<SigningClock>,
    pub(super) policy: RetryPolicy,
}

impl S3Connection {
    /// Sends nothing yet.
    pub(super) fn open(spec: &StoreSpec, bucket: &Bucket, policy: RetryPolicy) -> Result<Self> {
        let plain = RetryingTransport::plain(client(spec, bucket, policy)?, policy);
        let url = bucket_url(bucket);
        let dialect = Dialect::of(&url);
        let signing = RequestSigning::new(
            &bucket.region,
            providers(bucket.credentials.as_ref()),
            HttpTransporter::new(plain.clone()),
        );
        let signing_clock = signing.clock.clone();
        let transport = plain.adapting(Adaptation {
            signing,
            dialect: dialect.clone(),
        });
        let operator = operator(bucket).map_err(|error| invalid(spec, &error))?;
        let context =
            OperationContext::new().with_http_transport(HttpTransporter::new(transport.clone()));
        let endpoint = bucket.endpoint.as_deref().unwrap_or("AWS");
        Ok(Self {
            store: spec.name.clone(),
            prefix: spec.prefix.clone(),
            location: format!("bucket `{}` at {endpoint}", bucket.name),
            operator: operator.with_context(context),
            skew: transport.skew(),
            signed: SignedClient::new(transport, url),
            dialect,
            signing_clock,
            policy,
        })
    }

    /// What is done otherwise than a service of today would have it.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.dialect.takes_checksums() {
            remarks.push(
                "refuses checksum headers (CRC32C): what is sent is proven by `Content-MD5` instead"
                    .to_owned(),
            );
        }
        let offset = self.signing_clock.offset();
        if offset != 0 {
            let skew = skew_in_words(offset);
            remarks.push(format!(
                "refuses what is signed by this machine's clock: requests are signed by its own ({skew})"
            ));
        }
        remarks
    }

    /// The key with the prefix.
    pub(super) fn full(&self, key: &str) -> String {
        keys::prefixed(&self.prefix, key)
    }
}

fn operator(bucket: &Bucket) -> opendal::Result<Operator> {
    let mut builder = S3::default()
        .bucket(&bucket.name)
        .region(&bucket.region)
        .endpoint(endpoint(bucket))
        // The store itself then refuses bytes that were altered on the way.
        .checksum_algorithm("crc32c")
        // The transport signs, each try anew.
        .skip_signature();
    if bucket.addressing == Addressing::Virtual {
        builder = builder.enable_virtual_host_style();
    }
    Operator::new(builder)
}

fn invalid(spec: &StoreSpec, error: &opendal::Error) -> Error {
    let message = format!("store `{}` is not usable: {}", spec.name, error.message());
    Error::new(Kind::Config, "invalid-store", message)
}
