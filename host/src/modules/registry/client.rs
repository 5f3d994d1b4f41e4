//! Pulls and pushes components.

use futures_util::TryStreamExt as _;
use http::HeaderValue;
use oci_client::client::Client;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference as OciReference, RegistryOperation};

use super::errors::RegistryErrors;
use super::layout::{self, ModuleMetadata};
use super::{connection, credentials, reference};
use crate::config::{Reference, Registry};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::modules::component_file::ComponentFile;

/// A client for one module in one registry. Its calls block.
pub(in crate::modules) struct RegistryClient {
    client: Client,
    reference: OciReference,
    auth: RegistryAuth,
    errors: RegistryErrors,
}

/// A component that was pushed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Pushed {
    /// With the digest of the manifest: always names exactly this component.
    pub reference: String,
    /// Of the component: what `modules.NAME.sha256` pins.
    pub sha256: String,
    /// Bytes of the component.
    pub size: u64,
    /// Whether a signature went along.
    pub signed: bool,
}

impl RegistryClient {
    /// Sends no request yet.
    pub(in crate::modules) fn new(reference: &Reference, registry: &Registry) -> Result<Self> {
        let auth = credentials::find(reference, registry);
        Ok(Self {
            client: connection::client(reference, registry)?,
            reference: reference::to_oci(reference),
            errors: RegistryErrors::new(reference, credentials::describe(&auth)),
            auth,
        })
    }

    /// The whole component with the signature from its manifest, or an error. With `sha256`, only the
    /// component with that digest.
    pub(in crate::modules) fn pull(&self, sha256: Option<&str>) -> Result<ComponentFile> {
        block_on(self.download(sha256))
    }

    /// Uploads a component. What the tag named before stays, under its digest.
    pub(super) fn push(
        &self,
        component: ComponentFile,
        metadata: &ModuleMetadata,
    ) -> Result<Pushed> {
        block_on(self.upload(component, metadata))
    }

    async fn download(&self, sha256: Option<&str>) -> Result<ComponentFile> {
        self.log_in(RegistryOperation::Pull).await?;
        let manifest = self.client.pull_manifest(&self.reference, &self.auth).await;
        let (manifest, _) = manifest.map_err(|error| self.errors.request_failed(error))?;
        let (layer, signature) = layout::unpack(manifest, &self.errors.to_string())?;
        let found = layer.digest.trim_start_matches("sha256:");
        if let Some(pinned) = sha256.filter(|pinned| *pinned != found) {
            return Err(self.errors.not_pinned(pinned, found));
        }
        let blob = self.client.pull_blob_stream(&self.reference, &layer).await;
        let mut blob = blob.map_err(|error| self.errors.request_failed(error))?;
        let mut wasm = Vec::new();
        // The stream hashes its bytes, and ends in an error if the digest is not the layer's.
        while let Some(chunk) = blob
            .try_next()
            .await
            .map_err(|error| self.errors.stream_failed(error))?
        {
            wasm.extend_from_slice(&chunk);
            if wasm.len() as i64 > layer.size {
                return Err(self.errors.altered("it is longer than its manifest says"));
            }
        }
        Ok(ComponentFile { wasm, signature })
    }

    async fn upload(&self, component: ComponentFile, metadata: &ModuleMetadata) -> Result<Pushed> {
        let (sha256, size) = (component.digest().to_string(), component.wasm.len() as u64);
        let signed = component.signature.is_some();
        let image = layout::pack(component, metadata);
        self.log_in(RegistryOperation::Push).await?;
        let digest = format!("sha256:{}", Digest::of_bytes(&image.manifest));
        let sent = async {
            for (digest, bytes) in image.blobs {
                self.client
                    .push_blob(&self.reference, bytes, &digest)
                    .await?;
            }
            let media_type = HeaderValue::from_static(layout::MANIFEST);
            self.client
                .push_manifest_raw(&self.reference, image.manifest, media_type)
                .await
        };
        sent.await
            .map_err(|error| self.errors.request_failed(error))?;
        Ok(Pushed {
            reference: self.reference.clone_with_digest(digest).whole(),
            sha256,
            size,
            signed,
        })
    }

    /// The library logs in by itself, but then does not report why that failed.
    async fn log_in(&self, operation: RegistryOperation) -> Result<()> {
        let done = self
            .client
            .auth(&self.reference, &self.auth, operation)
            .await;
        done.map(drop)
            .map_err(|error| self.errors.request_failed(error))
    }
}

/// Drives a request on this thread.
fn block_on<T>(request: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let started = runtime
        .map_err(|error| Error::run("no-thread", format!("cannot start an event loop: {error}")))?;
    started.block_on(request)
}
