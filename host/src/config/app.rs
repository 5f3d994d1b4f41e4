//! `app`: how the API listens.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::base_url::base_url;
use super::duration::RawDuration;
use super::oidc::{self, Oidc, RawOidc};
use super::section_reader::SectionReader;
use super::stores::RawUrl;

/// Where the key stands, of a fleet too.
const PAGE: &str = "/app/page";

/// How the API listens.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "App")]
pub(super) struct RawApp {
    /// The TCP port; 0 lets the system choose.
    #[schemars(range(min = 0, max = 65535), extend("default" = 8000))]
    pub(super) port: Option<u16>,
    /// The address or name to listen on.
    #[schemars(length(min = 1), extend("default" = "0.0.0.0"))]
    pub(super) host: Option<String>,
    /// HTTPS instead of HTTP.
    pub(super) tls: Option<RawTls>,
    /// Where browsers find the page, if a proxy has TLS, or a path of its own for it.
    #[schemars(extend("examples" = ["https://backup.example/citus"]))]
    #[expect(
        dead_code,
        reason = "read with its position, for what is wrong with it"
    )]
    pub(super) page: Option<RawUrl>,
    /// Where people sign in to the page, beside the tokens.
    #[expect(dead_code, reason = "a file of its own reads it, with its secret")]
    pub(super) oidc: Option<RawOidc>,
    /// How artifacts are sent.
    pub(super) export: Option<RawExport>,
}

/// How the page and the API listen.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "App")]
pub(super) struct RawListen {
    /// The TCP port; 0 lets the system choose.
    #[schemars(range(min = 0, max = 65535), extend("default" = 8000))]
    port: Option<u16>,
    /// The address or name to listen on.
    #[schemars(length(min = 1), extend("default" = "0.0.0.0"))]
    host: Option<String>,
    /// HTTPS instead of HTTP.
    tls: Option<RawTls>,
    /// Where browsers find the page, if a proxy has TLS, or a path of its own for it.
    #[schemars(extend("examples" = ["https://backups.example/fleet"]))]
    #[expect(
        dead_code,
        reason = "read with its position, for what is wrong with it"
    )]
    page: Option<RawUrl>,
}

/// The server's certificate and its key, as PEM files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tls")]
pub(super) struct RawTls {
    /// The certificate with its chain.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/tls.crt"]))]
    pub(super) cert: String,
    /// The private key.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/tls.key"]))]
    pub(super) key: String,
}

/// How artifacts are sent.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Export")]
pub(super) struct RawExport {
    /// A run that takes longer starts streaming then, so that no client times out; 0 streams at once.
    #[schemars(extend("default" = "4m"))]
    pub(super) first_byte_within: Option<RawDuration>,
}

/// `app`
#[derive(Debug, Clone)]
pub struct App {
    /// How the API listens.
    pub listen: Listen,
    /// Where people sign in to the page, beside the tokens.
    pub oidc: Option<Oidc>,
    /// A longer run starts streaming after this time; zero streams at once.
    pub first_byte_within: Duration,
}

/// How a server listens.
#[derive(Debug, Clone)]
pub struct Listen {
    /// 0 lets the system choose.
    pub port: u16,
    /// An address or a name to listen on.
    pub host: String,
    /// HTTPS instead of HTTP.
    pub tls: Option<Tls>,
    /// Where browsers find the page, without a slash at its end; none: where it listens.
    pub page: Option<String>,
}

/// `app.tls`: PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate with its chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> App {
    let raw: RawApp = reader.read_or_default("/app");
    let page = base_url(reader, PAGE);
    let oidc = oidc::read(reader, page.as_deref());
    let page = page.or_else(|| oidc.as_ref()?.page().map(str::to_owned));
    let within = raw.export.unwrap_or_default().first_byte_within;
    App {
        listen: Listen {
            page,
            ..listen(reader, raw.port, raw.host, raw.tls)
        },
        oidc,
        first_byte_within: within.map_or(Duration::from_secs(240), |span| span.0),
    }
}

/// `app` of a fleet, which sends no artifacts.
pub(super) fn read_listen(reader: &mut SectionReader<'_>) -> Listen {
    let raw: RawListen = reader.read_or_default("/app");
    let page = base_url(reader, PAGE);
    Listen {
        page,
        ..listen(reader, raw.port, raw.host, raw.tls)
    }
}

fn listen(
    reader: &SectionReader<'_>,
    port: Option<u16>,
    host: Option<String>,
    tls: Option<RawTls>,
) -> Listen {
    let tls = tls.map(|tls| Tls {
        cert: reader.environment.absolute(tls.cert),
        key: reader.environment.absolute(tls.key),
    });
    Listen {
        port: port.unwrap_or(8000),
        host: host.unwrap_or_else(|| "0.0.0.0".to_owned()),
        tls,
        page: None,
    }
}
