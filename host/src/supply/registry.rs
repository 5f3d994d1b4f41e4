//! Components in a registry: pushed, pulled.

use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use http::HeaderValue;
use oci_client::client::{Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference as Image, RegistryOperation};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};

use super::trouble::Place;
use super::{About, Component, credentials, layout};
use crate::artifact::Digest;
use crate::config::{Reference, Registry};
use crate::error::{Error, Kind, Result};

/// For a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// For the next bytes of an answer.
const IDLE: Duration = Duration::from_secs(60);

/// A module's place in a registry, and the way there.
pub struct Remote {
    client: Client,
    image: Image,
    auth: RegistryAuth,
    place: Place,
}

/// What was pushed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Pushed {
    /// With the digest of the manifest: names exactly this, for ever.
    pub reference: String,
    /// Of the component: what `modules.NAME.sha256` pins.
    pub sha256: String,
    /// Bytes of the component.
    pub size: u64,
    /// Whether a signature went along.
    pub signed: bool,
}

impl Remote {
    /// Nothing is asked yet.
    pub fn new(reference: &Reference, registry: &Registry) -> Result<Self> {
        let auth = credentials::find(reference, registry);
        Ok(Self {
            client: client(reference, registry)?,
            image: image(reference),
            place: Place::new(reference, credentials::shown(&auth)),
            auth,
        })
    }

    /// Brings the component here: all of it, and what its manifest says, or not at all. With `sha256`,
    /// only if it is the one with that digest.
    pub async fn pull(&self, sha256: Option<&str>) -> Result<Component> {
        self.log_in(RegistryOperation::Pull).await?;
        let manifest = self.client.pull_manifest(&self.image, &self.auth).await;
        let (manifest, _) = manifest.map_err(|error| self.place.failed(error))?;
        let (layer, signature) = layout::unpack(manifest, &self.place.to_string())?;
        let found = layer.digest.trim_start_matches("sha256:");
        if let Some(pinned) = sha256.filter(|pinned| *pinned != found) {
            return Err(self.place.moved(pinned, found));
        }
        let blob = self.client.pull_blob_stream(&self.image, &layer).await;
        let mut blob = blob.map_err(|error| self.place.failed(error))?;
        let mut wasm = Vec::new();
        // The stream hashes what passes, and ends in an error if that is not what was promised.
        while let Some(piece) = blob
            .try_next()
            .await
            .map_err(|error| self.place.broke(error))?
        {
            wasm.extend_from_slice(&piece);
            if wasm.len() as i64 > layer.size {
                return Err(self.place.altered("it is longer than its manifest says"));
            }
        }
        Ok(Component { wasm, signature })
    }

    /// Sends a component there. What the tag named before is still there, under its digest.
    pub async fn push(&self, component: Component, about: &About) -> Result<Pushed> {
        let (sha256, size) = (component.digest().to_string(), component.wasm.len() as u64);
        let signed = component.signature.is_some();
        let packed = layout::pack(component, about);
        self.log_in(RegistryOperation::Push).await?;
        let digest = format!("sha256:{}", Digest::of_bytes(&packed.manifest));
        let sent = async {
            for (digest, bytes) in packed.blobs {
                self.client.push_blob(&self.image, bytes, &digest).await?;
            }
            let kind = HeaderValue::from_static(layout::MANIFEST);
            self.client
                .push_manifest_raw(&self.image, packed.manifest, kind)
                .await
        };
        sent.await.map_err(|error| self.place.failed(error))?;
        Ok(Pushed {
            reference: self.image.clone_with_digest(digest).whole(),
            sha256,
            size,
            signed,
        })
    }

    /// The library logs in by itself, but does not say what went wrong then.
    async fn log_in(&self, operation: RegistryOperation) -> Result<()> {
        let done = self.client.auth(&self.image, &self.auth, operation).await;
        done.map(drop).map_err(|error| self.place.failed(error))
    }
}

fn image(reference: &Reference) -> Image {
    let (host, name) = (reference.host.clone(), reference.name.clone());
    match (&reference.tag, &reference.digest) {
        (Some(tag), Some(digest)) => {
            Image::with_tag_and_digest(host, name, tag.clone(), digest.clone())
        }
        (_, Some(digest)) => Image::with_digest(host, name, digest.clone()),
        (tag, None) => Image::with_tag(host, name, tag.clone().unwrap_or_default()),
    }
}

fn client(reference: &Reference, registry: &Registry) -> Result<Client> {
    // Fails only if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The library makes one of these on its way, and panics if it cannot.
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
                connect_timeout: Some(CONNECT),
                read_timeout: Some(IDLE),
                user_agent: concat!("sidecar/", env!("CARGO_PKG_VERSION")),
                ..ClientConfig::default()
            })
        })
        .map_err(|error| {
            let message = format!(
                "the registry {} cannot be reached over TLS: {error}",
                reference.host
            );
            Error::new(Kind::Config, "no-tls", message)
                .hint("install the package `ca-certificates`")
                .caused_by(error)
        })
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
