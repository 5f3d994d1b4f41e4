//! A bucket and a prefix in it, however they are written.

use crate::config::{Bucket, Place, StoreSpec};

/// Where the objects of a store lie in a bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BucketPlace {
    server: String,
    bucket: String,
    prefix: Vec<String>,
}

impl BucketPlace {
    /// None for a folder.
    pub(super) fn of(spec: &StoreSpec) -> Option<Self> {
        let Place::S3(bucket) = &spec.place else {
            return None;
        };
        let parts = spec.prefix.split('/');
        Some(Self {
            server: server(bucket),
            bucket: bucket.name.clone(),
            prefix: parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Whether both are one, or one lies in the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        (&self.server, &self.bucket) == (&other.server, &other.bucket)
            && (self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix))
    }
}

/// `host:port`; all of AWS is one, because the names of its buckets are.
fn server(bucket: &Bucket) -> String {
    let Some(endpoint) = &bucket.endpoint else {
        return "aws".to_owned();
    };
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let has_port = |(_, port): &(&str, &str)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (host, port) = match authority.rsplit_once(':').filter(has_port) {
        Some((host, port)) => (host, port.trim_start_matches('0').to_owned()),
        None if scheme.eq_ignore_ascii_case("http") => (authority, "80".to_owned()),
        None => (authority, "443".to_owned()),
    };
    let host = host
        .trim_end_matches(':')
        .trim_end_matches('.')
        .to_ascii_lowercase();
    let is_loopback = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    if host.ends_with(".amazonaws.com") {
        return "aws".to_owned();
    }
    match is_loopback {
        true => format!("localhost:{port}"),
        false => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Addressing, Layout};

    fn place(endpoint: Option<&str>, prefix: &str) -> BucketPlace {
        let bucket = Bucket {
            name: "backups".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            region: "eu-west-1".to_owned(),
            credentials: None,
            ca_file: None,
            addressing: Addressing::Path,
        };
        let spec = StoreSpec {
            name: "minio".to_owned(),
            prefix: prefix.to_owned(),
            root: prefix.to_owned(),
            strategy: None,
            owner: None,
            place: Place::S3(Box::new(bucket)),
            layout: Layout::Artifacts,
        };
        BucketPlace::of(&spec).expect("a bucket")
    }

    #[test]
    fn a_bucket_is_one_by_every_spelling() {
        let minio = place(Some("http://minio:9000"), "citus");
        for endpoint in [
            "http://MinIO:9000",
            "https://minio:9000",
            "http://minio.:9000/",
        ] {
            assert!(
                place(Some(endpoint), "citus").overlaps(&minio),
                "{endpoint}"
            );
        }
        for prefix in ["citus/", "/citus", "citus//daily", ""] {
            let nested = place(Some("http://minio:9000"), prefix);
            assert!(
                nested.overlaps(&minio) && minio.overlaps(&nested),
                "{prefix}"
            );
        }
        let aws = place(None, "");
        assert!(place(Some("https://s3.eu-west-1.amazonaws.com"), "").overlaps(&aws));
        let local = place(Some("http://localhost:9000"), "");
        assert!(place(Some("http://127.0.0.1:9000"), "").overlaps(&local));
    }

    #[test]
    fn neighbours_are_two() {
        let minio = place(Some("http://minio:9000"), "citus");
        assert!(!place(Some("http://minio:9000"), "citus2").overlaps(&minio));
        assert!(!place(Some("http://minio:9001"), "citus").overlaps(&minio));
        assert!(!place(Some("http://minio2:9000"), "citus").overlaps(&minio));
    }
}
