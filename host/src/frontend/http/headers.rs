//! The headers of an artifact.

use axum::http::header::ETAG;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::service::{Manifest, Run, RunArtifact, SelectedHead};

pub(super) const X_SIZE: HeaderName = HeaderName::from_static("x-size");
pub(super) const X_CHECKSUM: HeaderName = HeaderName::from_static("x-checksum-sha256");

/// RFC 8187, `attr-char`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The headers that are known before an artifact is complete.
pub(super) fn name(run: &Run, filename: &str, format: &str, content_type: &str) -> HeaderMap {
    let mut headers = describe(&run.id, filename, format, content_type);
    if let Some(folder) = &run.drive_folder_id {
        set(&mut headers, "x-drive-folder-id", folder);
    }
    headers
}

/// The headers of an artifact in a store.
pub(super) fn stored(manifest: &Manifest) -> HeaderMap {
    let artifact = &manifest.artifact;
    let (filename, sha256) = (&artifact.filename, artifact.sha256.to_string());
    let (format, content_type) = (&artifact.format, &artifact.content_type);
    let mut headers = describe(&manifest.id, filename, format, content_type);
    set(&mut headers, "x-size", &artifact.stored_size().to_string());
    if artifact.files().is_none() {
        set(&mut headers, "x-checksum-sha256", &sha256);
    }
    set(&mut headers, "etag", &format!("\"{sha256}\""));
    headers
}

/// The headers of parts or files of a backup.
pub(super) fn selected(backup: &str, head: &SelectedHead) -> HeaderMap {
    let (format, content_type) = match head.is_zip {
        true => ("zip", "application/zip"),
        false => ("part", "application/octet-stream"),
    };
    let mut headers = describe(backup, &head.filename, format, content_type);
    if let Some(size) = head.size {
        set(&mut headers, "x-size", &size.to_string());
    }
    if let Some(sha256) = head.part.as_ref().and_then(|part| part.sha256.as_ref()) {
        set(&mut headers, "x-checksum-sha256", sha256.as_str());
        set(&mut headers, "etag", &format!("\"{sha256}\""));
    }
    headers
}

fn describe(id: &str, filename: &str, format: &str, content_type: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-backup-format", format),
        ("x-format", format),
        ("x-backup-id", id),
        ("content-disposition", &disposition(filename)),
        ("content-type", content_type),
    ] {
        set(&mut headers, name, value);
    }
    headers
}

/// Leaves out a value that no header can hold: it came from the configuration or from the request.
fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The headers, or trailers, that are known once it is complete.
pub(super) fn measure(artifact: &RunArtifact) -> HeaderMap {
    measured(artifact.size, &artifact.sha256)
}

/// The same of any body.
pub(super) fn measured(size: u64, sha256: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(X_SIZE, HeaderValue::from(size));
    if let Ok(digest) = HeaderValue::from_str(sha256) {
        headers.insert(X_CHECKSUM, digest);
    }
    headers
}

/// `"<SHA-256>"`
pub(super) fn etag(artifact: &RunArtifact) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("\"{}\"", artifact.sha256));
    value.map(|value| (ETAG, value)).into_iter().collect()
}

/// RFC 6266: a plain name for every client, and the exact one for clients that can read it.
pub(super) fn disposition(filename: &str) -> String {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic();
    let quoted: String = filename
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .flat_map(|c| {
            matches!(c, '"' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    let simple = filename
        .chars()
        .all(|c| plain(c) && !matches!(c, '"' | '\\' | '%'));
    let mut header = format!("attachment; filename=\"{quoted}\"");
    if !simple {
        let encoded = utf8_percent_encode(filename, ENCODED);
        header.push_str(&format!("; filename*=UTF-8''{encoded}"));
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_encoded() {
        for (name, header) in [
            ("backup.dump", r#"attachment; filename="backup.dump""#),
            (
                "my backup.tar.gz",
                r#"attachment; filename="my backup.tar.gz""#,
            ),
            (
                r#"a"b\c.dat"#,
                r#"attachment; filename="a\"b\\c.dat"; filename*=UTF-8''a%22b%5Cc.dat"#,
            ),
            (
                "ñandú 50%.dump",
                r#"attachment; filename="_and_ 50%.dump"; filename*=UTF-8''%C3%B1and%C3%BA%2050%25.dump"#,
            ),
            (
                "a\r\nX-Injected: yes",
                r#"attachment; filename="a__X-Injected: yes"; filename*=UTF-8''a%0D%0AX-Injected%3A%20yes"#,
            ),
        ] {
            assert_eq!(disposition(name), header);
        }
    }
}
