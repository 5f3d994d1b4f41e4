//! `stores`

use std::collections::BTreeSet;

use super::Check;
use crate::config::model::Secret;
use crate::config::raw;
use crate::config::stores::{Bucket, Credentials, Place, StoreSpec};

impl Check<'_> {
    pub(super) fn stores(&mut self) -> Vec<StoreSpec> {
        let mut names = BTreeSet::new();
        let mut stores = Vec::new();
        for at in self.items("/stores") {
            let named = format!("{at}/name");
            let name = self.given(&named).and_then(|name| name.as_str());
            if let Some(name) = name.map(str::to_owned)
                && !names.insert(name)
            {
                let wrong = "another store has this name already";
                self.problem(&named, wrong, "give each store a name of its own");
            }
            let credentials = self.credentials(&at);
            if let Some(raw) = self.read(&at) {
                stores.push(self.store(raw, credentials));
            }
        }
        stores
    }

    fn store(&self, raw: raw::Store, credentials: Option<Credentials>) -> StoreSpec {
        match raw {
            raw::Store::Fs { name, path, prefix } => StoreSpec {
                name: name.0,
                prefix: plain(prefix),
                place: Place::Fs {
                    path: self.environment.absolute(path),
                },
            },
            raw::Store::S3 {
                name,
                bucket,
                prefix,
                endpoint,
                region,
                ca_file,
                addressing,
                ..
            } => StoreSpec {
                name: name.0,
                prefix: plain(prefix),
                place: Place::S3(Box::new(Bucket {
                    name: bucket,
                    endpoint: endpoint.map(|url| url.0.trim_end_matches('/').to_owned()),
                    region: region.unwrap_or_else(|| "us-east-1".to_owned()),
                    credentials,
                    ca_file: ca_file.map(|file| self.environment.absolute(file)),
                    addressing: addressing.unwrap_or_default(),
                })),
            },
        }
    }

    /// Both keys or neither.
    fn credentials(&mut self, at: &str) -> Option<Credentials> {
        let id = self.is_given(at, "access_key_id");
        let key = self.is_given(at, "secret_access_key");
        let token = self.is_given(at, "session_token");
        let missing = match (id, key) {
            (true, false) => "secret_access_key",
            (false, true) => "access_key_id",
            (false, false) if token => "access_key_id",
            (false, false) => return None,
            (true, true) => {
                let mut secret = |name| Some(Secret::new(self.secret(at, name)?.1));
                return Some(Credentials {
                    access_key_id: secret("access_key_id")?,
                    secret_access_key: secret("secret_access_key")?,
                    session_token: if token { secret("session_token") } else { None },
                });
            }
        };
        self.key_problem(
            at,
            format!("`{missing}` is missing: the credentials are incomplete"),
            format!("add `{missing}`, or `{missing}_file`; without any, AWS's own variables or a role are used"),
        );
        None
    }
}

/// Without slashes at its ends.
fn plain(prefix: Option<raw::Prefix>) -> String {
    prefix.map_or_else(String::new, |prefix| prefix.0.trim_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;
    use crate::config::stores::Addressing;
    use crate::config::{Document, Environment, text};

    #[test]
    fn stores_are_read_with_their_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, "secret\n").unwrap();
        let yaml = format!(
            "stores:\n\
             - {{name: local, type: fs, path: backups, prefix: /citus/}}\n\
             - {{name: aws, type: s3, bucket: b}}\n\
             - {{name: minio, type: s3, bucket: b, endpoint: 'http://minio:9000/', region: eu, \
                  access_key_id: id, secret_access_key_file: {}, addressing: virtual}}\n",
            key.display()
        );
        let (root, problems) = text::parse(&yaml);
        assert!(problems.is_empty());
        let document = Document::new(Path::new("config.yaml"), &root.unwrap());
        let environment = Environment::new([("X", "")], "/clone");
        let mut check = Check {
            document: &document,
            environment: &environment,
            problems: Vec::new(),
            unreadable: Vec::new(),
        };
        let stores = check.stores();
        assert!(check.finish().is_empty());
        let [local, aws, minio] = stores.as_slice() else {
            panic!("{stores:?}");
        };
        assert_eq!(local.prefix, "citus");
        assert!(matches!(&local.place, Place::Fs { path } if path == Path::new("/clone/backups")));
        let (Place::S3(aws), Place::S3(minio)) = (&aws.place, &minio.place) else {
            panic!("{stores:?}");
        };
        assert_eq!(
            (aws.endpoint.as_deref(), aws.region.as_str()),
            (None, "us-east-1")
        );
        assert!(aws.credentials.is_none());
        assert_eq!(aws.addressing, Addressing::Path);
        assert_eq!(minio.endpoint.as_deref(), Some("http://minio:9000"));
        let credentials = minio.credentials.as_ref().unwrap();
        assert_eq!(credentials.secret_access_key.reveal(), "secret");
        assert_eq!(
            (minio.addressing, minio.region.as_str()),
            (Addressing::Virtual, "eu")
        );
        assert!(!format!("{minio:?}").contains("secret\""));
    }
}
