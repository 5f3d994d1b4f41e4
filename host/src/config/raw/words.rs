//! Kinds of text. `title` and `examples` are what an operator reads when the text is of another kind.

use schemars::JsonSchema;
use serde::Deserialize;

/// A path that starts at the root and never goes back up.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "absolute path without `..`",
    extend("pattern" = r"^/(?!(.*/)?\.\.(/|$))", "examples" = ["/data"])
)]
pub(in super::super) struct AbsolutePath(pub(in super::super) String);

/// `host:port`; `*` may stand for the port.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "network address (host:port)",
    extend("format" = "sidecar-address", "examples" = ["redis:6379"])
)]
pub(in super::super) struct Address(pub(in super::super) String);

/// Names an environment variable.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "variable name",
    extend("pattern" = "^[A-Za-z_][A-Za-z0-9_]*$", "examples" = ["REDIS_URL"])
)]
pub(in super::super) struct VariableName(pub(in super::super) String);

/// One component of a path.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "plain file name",
    extend("format" = "sidecar-file-name", "examples" = ["backup.dump"])
)]
pub(in super::super) struct FileName(pub(in super::super) String);

/// What an HTTP header can carry.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "word in printable ASCII",
    extend("format" = "sidecar-header-value", "examples" = ["postgres-custom"])
)]
pub(in super::super) struct HeaderValue(pub(in super::super) String);

/// `type/subtype`, with parameters if need be.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "MIME type",
    extend(
        "pattern" = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[A-Za-z0-9_.-]+=[A-Za-z0-9_.:+-]+)*$",
        "examples" = ["application/gzip"]
    )
)]
pub(in super::super) struct MimeType(pub(in super::super) String);

/// In hexadecimal digits.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "SHA-256 digest (64 hexadecimal digits)",
    extend(
        "pattern" = "^[0-9A-Fa-f]{64}$",
        "examples" = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    )
)]
pub(in super::super) struct Sha256(pub(in super::super) String);

/// A public key of minisign: the second line of `minisign.pub`.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "public key of minisign (the second line of minisign.pub)",
    extend(
        "pattern" = "^RW[A-Za-z0-9+/]{54}$",
        "examples" = ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]
    )
)]
pub(in super::super) struct SigningKey(pub(in super::super) String);

/// A public key of age. What is not one may be the private key: it is not repeated.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "public key of age (see age-keygen)",
    extend(
        "pattern" = "^age1[02-9ac-hj-np-z]{58}$",
        "writeOnly" = true,
        "examples" = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
    )
)]
pub(in super::super) struct Recipient(pub(in super::super) String);

/// Five fields: minute, hour, day of month, month, day of week.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "cron expression of five fields",
    extend("format" = "sidecar-cron", "examples" = ["0 3 * * *"])
)]
pub(in super::super) struct Cron(pub(in super::super) String);

/// An IANA time zone.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "time zone",
    extend("format" = "sidecar-time-zone", "examples" = ["UTC", "Europe/Madrid"])
)]
pub(in super::super) struct TimeZone(pub(in super::super) String);

/// Names a store on the command line and in answers.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "store name (a-z, 0-9, - and _)",
    extend("pattern" = "^[a-z0-9][a-z0-9_-]*$", "examples" = ["minio"])
)]
pub(in super::super) struct StoreName(pub(in super::super) String);

/// Folders of a store.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "prefix of keys",
    extend("format" = "sidecar-prefix", "examples" = ["citus", "teams/data"])
)]
pub(in super::super) struct Prefix(pub(in super::super) String);

/// Of a server.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    title = "URL",
    extend("pattern" = "^https?://[^/]+", "examples" = ["https://minio:9000"])
)]
pub(in super::super) struct Url(pub(in super::super) String);
