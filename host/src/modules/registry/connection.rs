//! The library's client, set up as the configuration says: TLS, authorities, time limits.

use std::path::Path;
use std::time::Duration;

use oci_client::Reference as OciReference;
use oci_client::client::{Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};

use crate::config::{Reference, Registry};
use crate::error::{Error, Kind, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For the next bytes of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A client for the registry of `reference`. It does not connect yet.
pub(super) fn client(reference: &Reference, registry: &Registry) -> Result<Client> {
    // Fails only if a provider is installed already, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The library builds one of these too, and panics if it cannot.
    let tls = reqwest::Client::builder().build().map(drop);
    let protocol = match registry.plain_http(&reference.host) {
        true => ClientProtocol::Http,
        false => ClientProtocol::Https,
    };
    let authorities = match &registry.ca_file {
        Some(file) => authorities(file)?,
        None => Vec::new(),
    };
    tls.map_err(Into::into)
        .and_then(|()| {
            Client::try_from(ClientConfig {
                protocol,
                tls_certs_only: authorities,
                // One request instead of many: every registry takes it, and modules are small.
                use_monolithic_push: true,
                platform_resolver: None,
                connect_timeout: Some(CONNECT_TIMEOUT),
                read_timeout: Some(READ_TIMEOUT),
                user_agent: concat!("sidecar/", env!("CARGO_PKG_VERSION")),
                ..ClientConfig::default()
            })
        })
        .map_err(|error| no_tls(reference, error))
}

fn no_tls(reference: &Reference, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!(
        "the registry {} cannot be reached over TLS: {error}",
        reference.host
    );
    Error::new(Kind::Config, "no-tls", message)
        .hint("install the package `ca-certificates`")
        .caused_by(error)
}

/// "https://registry.example"
pub(super) fn url(reference: &OciReference, registry: &Registry) -> String {
    let host = reference.resolve_registry();
    match registry.plain_http(host) {
        true => format!("http://{host}"),
        false => format!("https://{host}"),
    }
}

/// For requests that the library does not know. It trusts whom the library's client trusts.
pub(super) fn http(reference: &Reference, registry: &Registry) -> Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    let builder = match &registry.ca_file {
        _ if registry.plain_http(&reference.host) => builder.tls_certs_only([]),
        Some(file) => {
            let known = authorities(file)?;
            let known = known
                .iter()
                .map(|one| reqwest::Certificate::from_der(&one.data));
            builder.tls_certs_only(known.filter_map(Result::ok))
        }
        None => builder,
    };
    builder.build().map_err(|error| no_tls(reference, error))
}

/// The certificates in a PEM file.
fn authorities(file: &Path) -> Result<Vec<Certificate>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found
            .into_iter()
            .map(|certificate| Certificate {
                encoding: CertificateEncoding::Der,
                data: certificate.to_vec(),
            })
            .collect()),
        Err(pem::Error::Io(error)) => Err(Error::io("read", file, error)),
        _ => {
            let message = format!("{} holds no certificate", file.display());
            Err(Error::new(Kind::Config, "bad-ca-file", message)
                .hint("it must be PEM: `-----BEGIN CERTIFICATE-----`"))
        }
    }
}
