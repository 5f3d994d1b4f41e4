//! How a component lies in a registry: the layout that the tools for WebAssembly agreed upon.
//!
//! ```text
//! manifest ─┬─ config   application/vnd.wasm.config.v0+json: architecture, imports, exports
//!           └─ layer    application/wasm: the component
//! ```

use bytes::Bytes;
use oci_client::manifest::{OciDescriptor, OciManifest};
use serde_json::json;

use super::Component;
use crate::artifact::Digest;
use crate::clock;
use crate::error::{Error, Kind, Result};

/// Of the manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// Where the signature travels: one more layer would not be the agreed layout.
const SIGNATURE: &str = "sidecar.minisig";
/// More than any component has; the interpreter of a language is 20 MB.
const LARGEST: i64 = 512 << 20;

/// What the makers say of a component.
#[derive(Debug, Clone)]
pub struct About {
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

/// What to push, in this order.
pub(super) struct Packed {
    /// Digest and bytes of the configuration and of the layer.
    pub(super) blobs: [(String, Bytes); 2],
    /// Names them both.
    pub(super) manifest: Vec<u8>,
}

pub(super) fn pack(component: Component, about: &About) -> Packed {
    let digest = format!("sha256:{}", component.digest());
    let config = json!({
        "created": clock::now().to_string(),
        "author": null,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [&digest],
        "component": {"imports": about.imports, "exports": about.exports, "target": null},
    });
    let config = config.to_string().into_bytes();
    let config_digest = format!("sha256:{}", Digest::of_bytes(&config));
    let mut annotations = json!({
        "org.opencontainers.image.title": about.name,
        "org.opencontainers.image.version": about.version,
        "org.opencontainers.image.description": about.summary,
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
    Packed {
        blobs: [
            (config_digest, config.into()),
            (digest, component.wasm.into()),
        ],
        manifest: manifest.to_string().into_bytes(),
    }
}

/// The only layer of a module, and its signature if there is one.
pub(super) fn unpack(
    manifest: OciManifest,
    place: &str,
) -> Result<(OciDescriptor, Option<String>)> {
    let OciManifest::Image(manifest) = manifest else {
        return Err(no_module(place, "it is an index of images"));
    };
    let signature = manifest
        .annotations
        .and_then(|mut annotations| annotations.remove(SIGNATURE));
    let layers: [OciDescriptor; 1] = manifest
        .layers
        .try_into()
        .map_err(|layers: Vec<_>| no_module(place, &format!("it has {} layers", layers.len())))?;
    let [layer] = layers;
    if layer.media_type != LAYER {
        return Err(no_module(
            place,
            &format!("its layer is {}", layer.media_type),
        ));
    }
    if layer.size > LARGEST {
        return Err(no_module(place, &format!("it has {} bytes", layer.size)));
    }
    Ok((layer, signature))
}

fn no_module(place: &str, why: &str) -> Error {
    Error::new(
        Kind::Config,
        "not-a-module",
        format!("what lies at {place} is no WebAssembly component: {why}"),
    )
    .hint("correct the name or the tag; `sidecar module push` makes what is expected: one layer application/wasm")
}
