//! References of the configuration as the library's.

use oci_client::Reference as OciReference;

use crate::config::Reference;

/// A `Reference` has a tag, a digest, or both.
pub(super) fn to_oci(reference: &Reference) -> OciReference {
    let (host, name) = (reference.host.clone(), reference.name.clone());
    match (&reference.tag, &reference.digest) {
        (Some(tag), Some(digest)) => {
            OciReference::with_tag_and_digest(host, name, tag.clone(), digest.clone())
        }
        (_, Some(digest)) => OciReference::with_digest(host, name, digest.clone()),
        (tag, None) => OciReference::with_tag(host, name, tag.clone().unwrap_or_default()),
    }
}
