//! From a store's configuration to something that can be asked.

use std::path::Path;
use std::sync::Arc;

use opendal::services::{Fs, S3};
use opendal::{HttpTransporter, OperationContext, Operator};
use reqsign_aws_v4::{
    Credential, DefaultCredentialProvider, RequestSigner, StaticCredentialProvider,
};
use reqsign_core::{Context, OsEnv, ProvideCredentialChain, Signer};

use super::Patience;
use super::transport::{Skew, Transport};
use crate::config::{Addressing, Bucket, Credentials, Place, StoreSpec};
use crate::error::{Error, Kind, Result};

/// What the library does not do for us: see `stale`.
pub(super) struct Remote {
    pub(super) transport: HttpTransporter,
    pub(super) signer: Signer<Credential>,
    /// With the bucket, without a slash at the end.
    pub(super) url: String,
    pub(super) skew: Arc<Skew>,
}

pub(super) fn open(spec: &StoreSpec, patience: Patience) -> Result<(Operator, Option<Remote>)> {
    match &spec.place {
        Place::Fs { path } => Ok((folder(spec, path)?, None)),
        Place::S3(bucket) => {
            let (operator, remote) = s3(spec, bucket, patience)?;
            Ok((operator, Some(remote)))
        }
    }
}

fn folder(spec: &StoreSpec, path: &Path) -> Result<Operator> {
    // The library would create it: on a machine whose volume is not mounted, backups would vanish
    // with the container.
    if !path.is_dir() {
        let message = format!(
            "the folder {} of store `{}` does not exist",
            path.display(),
            spec.name
        );
        return Err(Error::run("no-such-folder", message)
            .hint("mount the volume there, create the folder, or correct `path`"));
    }
    let operator = Operator::new(Fs::default().root(&path.to_string_lossy()));
    operator.map_err(|error| invalid(spec, &error))
}

fn s3(spec: &StoreSpec, bucket: &Bucket, patience: Patience) -> Result<(Operator, Remote)> {
    let client = client(spec, bucket, patience)?;
    let transport = Transport::new(client, patience);
    let skew = transport.skew();
    let transport = HttpTransporter::new(transport);
    let mut builder = S3::default()
        .bucket(&bucket.name)
        .region(&bucket.region)
        .endpoint(endpoint(bucket))
        // The store itself then refuses bytes that were altered on the way.
        .checksum_algorithm("crc32c")
        .credential_provider_chain(providers(bucket.credentials.as_ref()));
    if bucket.addressing == Addressing::Virtual {
        builder = builder.enable_virtual_host_style();
    }
    let operator = Operator::new(builder).map_err(|error| invalid(spec, &error))?;
    let context = OperationContext::new().with_http_transport(transport.clone());
    let signing = Context::new()
        .with_file_read(reqsign_file_read_tokio::TokioFileRead)
        .with_http_send(transport.clone())
        .with_env(OsEnv);
    let remote = Remote {
        transport,
        signer: Signer::new(
            signing,
            providers(bucket.credentials.as_ref()),
            RequestSigner::new("s3", &bucket.region),
        ),
        url: url(bucket),
        skew,
    };
    Ok((operator.with_context(context), remote))
}

fn providers(credentials: Option<&Credentials>) -> ProvideCredentialChain<Credential> {
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

fn endpoint(bucket: &Bucket) -> &str {
    let given = bucket.endpoint.as_deref();
    given.unwrap_or("https://s3.amazonaws.com")
}

fn url(bucket: &Bucket) -> String {
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
fn client(spec: &StoreSpec, bucket: &Bucket, patience: Patience) -> Result<reqwest::Client> {
    // Fails only if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(patience.connect)
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

fn invalid(spec: &StoreSpec, error: &opendal::Error) -> Error {
    let message = format!("store `{}` is not usable: {}", spec.name, error.message());
    Error::new(Kind::Config, "invalid-store", message)
}
