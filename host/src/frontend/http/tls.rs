//! HTTPS with the operator's certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;
use crate::error::{Error, Kind, Result};

/// Reads the certificate and the key.
pub(super) fn acceptor(tls: &Tls) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| match chain.is_empty() {
            true => Err(pem::Error::NoItemsFound),
            false => Ok(chain),
        })
        .map_err(|error| unreadable("app.tls.cert", "certificate", &tls.cert, error))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| unreadable("app.tls.key", "private key", &tls.key, error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| {
            let message = format!("app.tls cannot be used: {error}");
            Error::new(Kind::Config, "bad-certificate", message)
                .hint("the key must belong to the first certificate of the file, and its chain must follow")
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unreadable(key: &str, what: &str, path: &Path, error: pem::Error) -> Error {
    let path = path.display();
    let message = match &error {
        pem::Error::Io(error) => format!("{key}: cannot read {path}: {error}"),
        pem::Error::NoItemsFound => format!("{key}: there is no {what} in {path}"),
        other => format!("{key}: {path} is not what it should be: {other}"),
    };
    Error::new(Kind::Config, "bad-certificate", message)
        .hint(format!("it has to be a PEM file with the {what}, and the sidecar's user has to be allowed to read it"))
        .caused_by(error)
}
