//! `stores`

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::stores::Addressing;
use super::words::{Prefix, StoreName, Url};

/// A place for backups.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the keys are read one by one, so that one message serves all secrets"
)]
#[expect(
    clippy::large_enum_variant,
    reason = "a few, read once, when the configuration is"
)]
pub(in super::super) enum Store {
    /// A directory.
    Fs {
        name: StoreName,
        /// The directory. It must exist: a volume that is not mounted must not look like an empty store.
        #[schemars(length(min = 1), extend("examples" = ["/backups"]))]
        path: String,
        /// What stands before every key.
        prefix: Option<Prefix>,
    },
    /// A bucket of any service that speaks S3.
    S3 {
        name: StoreName,
        #[schemars(length(min = 1), extend("examples" = ["backups"]))]
        bucket: String,
        /// What stands before every key.
        prefix: Option<Prefix>,
        /// Left out: AWS.
        endpoint: Option<Url>,
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
    },
}
