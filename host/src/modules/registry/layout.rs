//! The OCI image of a component: the layout that the tools for WebAssembly agreed upon.
//!
//! ```text
//! manifest ─┬─ config   application/vnd.wasm.config.v0+json: architecture, imports, exports
//!           └─ layer    application/wasm: the component
//! ```

use bytes::Bytes;
use oci_client::manifest::{OciDescriptor, OciManifest};
use serde_json::json;

use crate::clock;
use crate::digest::Digest;
use crate::error::{Error, Kind, Result};
use crate::modules::component_file::ComponentFile;

/// The media type of the manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// The annotation that holds the signature: one more layer would not be the agreed layout.
const SIGNATURE: &str = "sidecar.minisig";
/// In bytes. More than any component has; the interpreter of a language is 20 MB.
const MAX_SIZE: i64 = 512 << 20;

/// The annotations of a component.
#[derive(Debug, Clone)]
pub(super) struct ModuleMetadata {
    /// Its own name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// The interfaces that it needs.
    pub imports: Vec<String>,
    /// The interfaces that it offers.
    pub exports: Vec<String>,
}

/// What to push: the blobs, then the manifest.
pub(super) struct PackedImage {
    /// Digest and bytes of the configuration and of the layer.
    pub blobs: [(String, Bytes); 2],
    /// Refers to both.
    pub manifest: Vec<u8>,
}

/// The image of a component.
pub(super) fn pack(component: ComponentFile, metadata: &ModuleMetadata) -> PackedImage {
    let digest = format!("sha256:{}", component.digest());
    let config = json!({
        "created": clock::now().to_string(),
        "author": null,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [&digest],
        "component": {"imports": metadata.imports, "exports": metadata.exports, "target": null},
    });
    let config = config.to_string().into_bytes();
    let config_digest = format!("sha256:{}", Digest::of_bytes(&config));
    let mut annotations = json!({
        "org.opencontainers.image.title": metadata.name,
        "org.opencontainers.image.version": metadata.version,
        "org.opencontainers.image.description": metadata.summary,
    });
    if let Some(signature) = component.signature {
        annotations[SIGNATURE] = signature.into();
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": config_digest, "size": config.len()},
        "layers": [{"mediaType": LAYER, "digest": digest, "size": component.wasm.len()}],
        "annotations": annotations,
    });
    PackedImage {
        blobs: [
            (config_digest, config.into()),
            (digest, component.wasm.into()),
        ],
        manifest: manifest.to_string().into_bytes(),
    }
}

/// The layer of a module, and its signature if there is one. `place` is the reference, for errors.
pub(super) fn unpack(
    manifest: OciManifest,
    place: &str,
) -> Result<(OciDescriptor, Option<String>)> {
    let OciManifest::Image(manifest) = manifest else {
        return Err(not_a_module(place, "it is an index of images"));
    };
    let signature = manifest
        .annotations
        .and_then(|mut annotations| annotations.remove(SIGNATURE));
    let layers: [OciDescriptor; 1] = manifest.layers.try_into().map_err(|layers: Vec<_>| {
        not_a_module(place, &format!("it has {} layers", layers.len()))
    })?;
    let [layer] = layers;
    if layer.media_type != LAYER {
        return Err(not_a_module(
            place,
            &format!("its layer is {}", layer.media_type),
        ));
    }
    if layer.size > MAX_SIZE {
        return Err(not_a_module(place, &format!("it has {} bytes", layer.size)));
    }
    Ok((layer, signature))
}

fn not_a_module(place: &str, why: &str) -> Error {
    Error::new(
        Kind::Config,
        "not-a-module",
        format!("what lies at {place} is no WebAssembly component: {why}"),
    )
    .hint("correct the name or the tag; `sidecar module push` makes what is expected: one layer application/wasm")
}
