//! Pulls and pushes components.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use futures_util::TryStreamExt as _;
use http::HeaderValue;
use oci_client::client::Client;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference as OciReference, RegistryOperation};
use tokio::time::sleep;

use super::credentials::{self, Account};
use super::errors::{RegistryErrors, RegistryFailure};
use super::layout::{self, ModuleMetadata, PackedImage};
use super::{connection, reference};
use crate::config::{Reference, Registry};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::modules::component_file::ComponentFile;

/// Tries after the first.
const RETRIES: usize = 4;
/// The wait before the second try; it doubles with each further one, and chance adds to it.
const FIRST_DELAY: Duration = Duration::from_millis(500);

/// A client for one module in one registry. Its calls block, and are made again while that makes sense.
pub(in crate::modules) struct RegistryClient {
    client: Client,
    /// For what the library's client does not know.
    http: reqwest::Client,
    /// "https://registry.example"
    url: String,
    reference: OciReference,
    account: Account,
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
        let account = credentials::find(reference, registry);
        let client = connection::client(reference, registry)?;
        let errors = RegistryErrors::new(reference, credentials::describe(&account));
        let http = connection::http(reference, registry)?;
        let reference = reference::to_oci(reference);
        Ok(Self {
            url: connection::url(&reference, registry),
            client,
            http,
            reference,
            account,
            errors,
        })
    }

    /// The whole component with the signature from its manifest, or an error. With `sha256`, only the
    /// component with that digest.
    pub(in crate::modules) fn pull(&self, sha256: Option<&str>) -> Result<ComponentFile> {
        block_on(self.again_and_again(|| self.download(sha256)))
    }

    /// Uploads a component. What the tag named before stays, under its digest.
    pub(super) fn push(
        &self,
        component: ComponentFile,
        metadata: &ModuleMetadata,
    ) -> Result<Pushed> {
        let (sha256, size) = (component.digest().to_string(), component.wasm.len() as u64);
        let signed = component.signature.is_some();
        let image = layout::pack(component, metadata);
        let digest = format!("sha256:{}", Digest::of_bytes(&image.manifest));
        block_on(self.again_and_again(|| self.upload(&image)))?;
        Ok(Pushed {
            reference: self.reference.clone_with_digest(digest).whole(),
            sha256,
            size,
            signed,
        })
    }

    async fn again_and_again<T, Answer>(&self, request: impl FnMut() -> Answer) -> Result<T>
    where
        Answer: Future<Output = Result<T, RegistryFailure>>,
    {
        let waits = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(FIRST_DELAY)
            .with_max_times(RETRIES);
        let tried = request
            .retry(waits)
            .sleep(sleep)
            .when(RegistryFailure::may_pass)
            .notify(|failed, delay| {
                let code = failed.error.code();
                tracing::warn!(code, ?delay, "asking the registry again: {}", failed.error);
            });
        tried.await.map_err(|failed| failed.error)
    }

    async fn download(&self, sha256: Option<&str>) -> Result<ComponentFile, RegistryFailure> {
        let auth = self.log_in(RegistryOperation::Pull).await?;
        let manifest = self.client.pull_manifest(&self.reference, &auth).await;
        let (manifest, _) = manifest.map_err(|error| self.errors.request_failed(error))?;
        let (layer, signature) = layout::unpack(manifest, &self.errors.to_string())?;
        let found = layer.digest.trim_start_matches("sha256:");
        if let Some(pinned) = sha256.filter(|pinned| *pinned != found) {
            return Err(self.errors.not_pinned(pinned, found).into());
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
                let altered = self.errors.altered("it is longer than its manifest says");
                return Err(altered.into());
            }
        }
        Ok(ComponentFile { wasm, signature })
    }

    async fn upload(&self, image: &PackedImage) -> Result<(), RegistryFailure> {
        self.log_in(RegistryOperation::Push).await?;
        let failed = |error| self.errors.request_failed(error);
        for (digest, bytes) in &image.blobs {
            let pushed = self
                .client
                .push_blob(&self.reference, bytes.clone(), digest);
            pushed.await.map_err(failed)?;
        }
        let (manifest, kind) = (image.manifest.clone(), layout::MANIFEST);
        let kind = HeaderValue::from_static(kind);
        let pushed = self
            .client
            .push_manifest_raw(&self.reference, manifest, kind);
        pushed.await.map(drop).map_err(failed)
    }

    /// The library logs in by itself, but then does not report why that failed.
    async fn log_in(&self, operation: RegistryOperation) -> Result<RegistryAuth, RegistryFailure> {
        let of = (&self.reference, operation);
        let auth = match &self.account {
            Account::Direct(auth) => auth.clone(),
            Account::Identity(token) => {
                let granted = token.exchange(&self.http, &self.url, of, &self.errors);
                granted.await?
            }
        };
        let done = self.client.auth(&self.reference, &auth, operation).await;
        done.map(|_| auth)
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
