//! `stores`: where backups are kept.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::environment::Environment;
use super::repository::{self, Layout, RawLayout, RawRepository, RepositorySpec};
use super::section_reader::SectionReader;
use super::set::SETS;
use super::store_credentials::{self, Credentials};

/// A place for backups.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
#[schemars(rename = "Store")]
#[expect(
    dead_code,
    reason = "the keys are read one by one, so that one message serves all secrets"
)]
#[expect(
    clippy::large_enum_variant,
    reason = "a few, read once, when the configuration is"
)]
pub(super) enum RawStore {
    /// A directory.
    Fs {
        name: RawStoreName,
        /// The directory. It must exist: a volume that is not mounted must not look like an empty store.
        #[schemars(length(min = 1), extend("examples" = ["/backups"]))]
        path: String,
        /// What stands before every key.
        prefix: Option<RawPrefix>,
        owner: Option<RawOwner>,
        /// How backups lie in it.
        #[schemars(extend("default" = "artifacts"))]
        layout: Option<RawLayout>,
        repository: Option<RawRepository>,
    },
    /// A bucket of any service that speaks S3.
    S3 {
        name: RawStoreName,
        #[schemars(length(min = 1), extend("examples" = ["backups"]))]
        bucket: String,
        /// What stands before every key.
        prefix: Option<RawPrefix>,
        owner: Option<RawOwner>,
        /// Left out: AWS.
        endpoint: Option<RawUrl>,
        #[schemars(length(min = 1), extend("default" = "us-east-1", "examples" = ["eu-west-1"]))]
        region: Option<String>,
        /// Left out with `secret_access_key`: AWS's own variables, profile, or role of the machine.
        #[schemars(extend("writeOnly" = true))]
        access_key_id: Option<String>,
        access_key_id_file: Option<String>,
        #[schemars(extend("writeOnly" = true))]
        secret_access_key: Option<String>,
        secret_access_key_file: Option<String>,
        /// Only with temporary credentials.
        #[schemars(extend("writeOnly" = true))]
        session_token: Option<String>,
        session_token_file: Option<String>,
        /// Certificates (PEM) that the endpoint's must come from, instead of the system's.
        #[schemars(length(min = 1), extend("examples" = ["/run/secrets/ca.crt"]))]
        ca_file: Option<String>,
        /// Where the bucket's name goes in a URL: `https://host/bucket` or `https://bucket.host`.
        #[schemars(extend("default" = "path"))]
        addressing: Option<Addressing>,
        /// How backups lie in it.
        #[schemars(extend("default" = "artifacts"))]
        layout: Option<RawLayout>,
        repository: Option<RawRepository>,
    },
}

/// Names a store on the command line and in answers.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "StoreName",
    title = "store name (a-z, 0-9, - and _)",
    extend("pattern" = "^[a-z0-9][a-z0-9_-]*$", "examples" = ["minio"])
)]
pub(super) struct RawStoreName(pub(super) String);

/// Folders of a store.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Prefix",
    title = "prefix of keys",
    extend("format" = "sidecar-prefix", "examples" = ["citus", "teams/data"])
)]
pub(super) struct RawPrefix(pub(super) String);

/// Names the sidecar to whom what lies in the store belongs, and its replicas: needed only where
/// `paths.artifacts` does not outlive the container.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Owner",
    title = "owner of a store (any word)",
    extend("pattern" = "^\\S+$", "examples" = ["citus"])
)]
pub(super) struct RawOwner(pub(super) String);

/// Of a server.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Url",
    title = "URL",
    extend("pattern" = "^https?://[^/]+", "examples" = ["https://minio:9000"])
)]
pub(super) struct RawUrl(pub(super) String);

/// One of `stores`.
#[derive(Debug, Clone)]
pub struct StoreSpec {
    /// Unique among the stores.
    pub name: String,
    /// What stands before every key: "a/b", without slashes at its ends; may be empty.
    pub prefix: String,
    /// The prefix as the operator wrote it: those of several strategies lie below.
    pub root: String,
    /// Which of several strategies, or "sets", has this part of it.
    pub strategy: Option<String>,
    /// Names the sidecar whose it is. None: the id that lies beside the artifacts.
    pub owner: Option<String>,
    /// Where it is.
    pub place: Place,
    /// How backups lie in it.
    pub layout: Layout,
}

/// `type` and what belongs to it.
#[derive(Debug, Clone)]
pub enum Place {
    /// A directory that exists already: a missing mount must not look like an empty store.
    Fs {
        /// The directory.
        path: PathBuf,
    },
    /// A bucket of any service that speaks S3.
    S3(Box<Bucket>),
}

/// A bucket, and how to reach it.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// `http(s)://host[:port]`; none is AWS.
    pub endpoint: Option<String>,
    /// What requests are signed for: "us-east-1".
    pub region: String,
    /// None takes the environment's (`AWS_…`, a profile, the machine's role).
    pub credentials: Option<Credentials>,
    /// PEM: the only certificates that the endpoint's may come from.
    pub ca_file: Option<PathBuf>,
    /// Where the bucket's name goes in a URL.
    pub addressing: Addressing,
}

/// Where the bucket's name goes in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// `https://host/bucket/key`
    #[default]
    Path,
    /// `https://bucket.host/key`
    Virtual,
}

impl StoreSpec {
    /// Where it is, as text: another folder, endpoint, bucket or prefix is another place.
    pub fn location(&self) -> String {
        let root = match &self.place {
            Place::Fs { path } => path.display().to_string(),
            Place::S3(bucket) => {
                let endpoint = bucket.endpoint.as_deref().unwrap_or("aws");
                format!("{endpoint} {}", bucket.name)
            }
        };
        format!("{root} {}", self.prefix)
    }

    /// The part of it that one of several strategies has, or the sets of all of them.
    pub fn part(&self, strategy: &str) -> Self {
        Self {
            prefix: match self.root.as_str() {
                "" => strategy.to_owned(),
                root => format!("{root}/{strategy}"),
            },
            strategy: Some(strategy.to_owned()),
            layout: match strategy {
                // A list of names: there is nothing to find again in it.
                SETS => Layout::Artifacts,
                _ => self.layout.clone(),
            },
            ..self.clone()
        }
    }

    /// How the repository is made and opened; none of a store whose backups are objects.
    pub fn repository(&self) -> Option<&RepositorySpec> {
        match &self.layout {
            Layout::Artifacts => None,
            Layout::Repository(spec) => Some(spec),
        }
    }
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Vec<StoreSpec> {
    let mut names = BTreeSet::new();
    let mut stores = Vec::new();
    for at in reader.items("/stores") {
        let named = format!("{at}/name");
        let name = reader.given(&named).and_then(|name| name.as_str());
        if name.is_some_and(|name| !names.insert(name)) {
            let wrong = "another store has this name already";
            reader.problem(&named, wrong, "give each store a name of its own");
        }
        let credentials = store_credentials::read(reader, &at);
        let layout = repository::read(reader, &at);
        if let Some(raw) = reader.read(&at) {
            let store = read_store(reader.environment, raw, credentials);
            stores.push(StoreSpec {
                prefix: store.root.clone(),
                layout,
                ..store
            });
        }
    }
    stores
}

fn read_store(
    environment: &Environment,
    raw: RawStore,
    credentials: Option<Credentials>,
) -> StoreSpec {
    match raw {
        RawStore::Fs {
            name,
            path,
            prefix,
            owner,
            ..
        } => StoreSpec {
            name: name.0,
            root: trimmed(prefix),
            prefix: String::new(),
            strategy: None,
            owner: owner.map(|owner| owner.0),
            layout: Layout::Artifacts,
            place: Place::Fs {
                path: environment.absolute(path),
            },
        },
        RawStore::S3 {
            name,
            bucket,
            prefix,
            owner,
            endpoint,
            region,
            ca_file,
            addressing,
            ..
        } => StoreSpec {
            name: name.0,
            root: trimmed(prefix),
            prefix: String::new(),
            strategy: None,
            owner: owner.map(|owner| owner.0),
            layout: Layout::Artifacts,
            place: Place::S3(Box::new(Bucket {
                name: bucket,
                endpoint: endpoint.map(|url| url.0.trim_end_matches('/').to_owned()),
                region: region.unwrap_or_else(|| "us-east-1".to_owned()),
                credentials,
                ca_file: ca_file.map(|file| environment.absolute(file)),
                addressing: addressing.unwrap_or_default(),
            })),
        },
    }
}

/// Without slashes at its ends.
fn trimmed(prefix: Option<RawPrefix>) -> String {
    prefix.map_or_else(String::new, |prefix| prefix.0.trim_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::path::Path;

    use super::*;
    use crate::config::Environment;
    use crate::config::yaml::{self, Document};

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
        let (root, problems) = yaml::parse(&yaml);
        assert!(problems.is_empty());
        let document = Document::new(Path::new("config.yaml"), &root.unwrap());
        let environment = Environment::new([("X", "")], "/clone");
        let mut reader = SectionReader::new(&document, &environment, Vec::new());
        let stores = read(&mut reader);
        assert!(reader.finish().is_empty());
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
