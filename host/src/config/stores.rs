//! `stores`, as the rest of the house sees them.

use std::path::PathBuf;

use super::model::Secret;

/// One of `stores`.
#[derive(Debug, Clone)]
pub struct StoreSpec {
    /// Unique among the stores.
    pub name: String,
    /// What stands before every key: "a/b", without slashes at its ends; may be empty.
    pub prefix: String,
    /// Where it is.
    pub place: Place,
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

/// A pair of keys.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: Secret,
    /// The private half.
    pub secret_access_key: Secret,
    /// Only with temporary credentials.
    pub session_token: Option<Secret>,
}

/// Where the bucket's name goes in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// `https://host/bucket/key`
    #[default]
    Path,
    /// `https://bucket.host/key`
    Virtual,
}
