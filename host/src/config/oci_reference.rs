//! How a module in a registry is named: `oci://registry.example/acme/redis_snapshot:1.2`.

use std::fmt;
use std::str::FromStr;

use super::registry_host::is_host;

/// What stands before a reference in `modules.NAME.source`.
pub const SCHEME: &str = "oci://";

/// A module in a registry: `host[:port]/name:tag`, `host/name@sha256:…`, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// "registry.example:5000"
    pub host: String,
    /// "acme/redis_snapshot"
    pub name: String,
    /// "1.2"
    pub tag: Option<String>,
    /// "sha256:…" of the manifest.
    pub digest: Option<String>,
}

impl FromStr for Reference {
    type Err = String;

    /// With or without `oci://`. The error says what is missing.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        let (host, rest) = text
            .split_once('/')
            .ok_or("it names a registry, but nothing in it")?;
        if !is_host(host) {
            return Err(format!("`{host}` is not the host of a registry"));
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (rest, None),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if !is_name(name) {
            return Err(format!(
                "`{name}` is not a name that registries take: a-z, 0-9 and `/`, with `.`, `_` and `-` inside"
            ));
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(format!("`{tag}` is not a tag"));
        }
        if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
            return Err(format!("`{digest}` is not a digest"));
        }
        if tag.is_none() && digest.is_none() {
            return Err("it has neither a tag nor a digest".to_owned());
        }
        Ok(Self {
            host: host.to_owned(),
            name: name.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 255
        && text.split('/').all(|part| {
            part.bytes()
                .all(|byte| plain(byte) || b"._-".contains(&byte))
                && part.bytes().next().is_some_and(plain)
                && part.bytes().next_back().is_some_and(plain)
        })
}

fn is_tag(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(plain)
        && text
            .bytes()
            .all(|byte| plain(byte) || b".-".contains(&byte))
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_written() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in [
            "registry/acme/redis_snapshot:1.2".to_owned(),
            "localhost:5000/hello:latest".to_owned(),
            "[::1]:5000/a/b-c/d__e:v1".to_owned(),
            format!("ghcr.io/acme/hello@{digest}"),
            format!("ghcr.io/acme/hello:1@{digest}"),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
            assert_eq!(format!("oci://{text}").parse(), Ok(reference));
        }
    }

    #[test]
    fn an_invalid_reference_is_refused() {
        for (text, why) in [
            ("hello:1", "nothing in it"),
            ("registry.example/hello", "neither a tag nor a digest"),
            (
                "https://registry.example/hello:1",
                "`https:` is not the host",
            ),
            ("user@registry/hello:1", "`user@registry` is not the host"),
            ("registry/Hello:1", "`Hello` is not a name"),
            ("registry/../v2:1", "`../v2` is not a name"),
            ("registry/hello:", "`` is not a tag"),
            ("registry/hello:a/b", "`a/b` is not a tag"),
            ("registry/hello:1@sha256:12", "`sha256:12` is not a digest"),
        ] {
            let error = text.parse::<Reference>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
