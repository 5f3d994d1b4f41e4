//! `sidecars` of a fleet: where each is, and the token that it answers to.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::base_url::base_url;
use super::secret::{self, Secret};
use super::secrets::read_token;
use super::section_reader::SectionReader;
use super::stores::RawUrl;
use super::yaml::pointer;

/// A sidecar of the fleet.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Sidecar", extend("examples" = [{"name": "shop", "url": "https://shop.internal:8000", "token_file": "/run/secrets/shop"}]))]
#[expect(
    dead_code,
    reason = "the token is read by itself, so that one message serves all secrets"
)]
pub(super) struct RawFleetSidecar {
    /// What the page calls it.
    #[schemars(length(min = 1, max = 63), extend("examples" = ["shop"]))]
    name: String,
    /// Where its API is.
    url: RawUrl,
    /// Where a browser finds its page, if that is not `url`.
    page: Option<RawUrl>,
    /// A token that it knows, of the scope `read`. Either this or `token_file` is required.
    #[schemars(extend("writeOnly" = true, "examples" = ["${SHOP_TOKEN}"]))]
    token: Option<String>,
    /// A file that holds the token, such as a mounted secret.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/shop"]))]
    token_file: Option<String>,
    /// PEM: trusts these certificates alone; left out, those that the system trusts.
    #[schemars(length(min = 1), extend("examples" = ["/etc/ssl/internal-ca.pem"]))]
    ca_file: Option<String>,
}

/// One of `sidecars`.
#[derive(Debug, Clone)]
pub struct FleetSidecar {
    /// Unique in the fleet.
    pub name: String,
    /// Of its API, without a slash at its end.
    pub url: String,
    /// Of its page, without a slash at its end.
    pub page: String,
    /// What it answers to.
    pub token: Secret,
    /// The only certificates to trust; none: those of the system.
    pub ca_file: Option<PathBuf>,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Vec<FleetSidecar> {
    let mut sidecars = Vec::new();
    let mut names = BTreeSet::new();
    for at in reader.items("/sidecars") {
        let token = token(reader, &at);
        let url = base_url(reader, &pointer::child(&at, "url"));
        let page = base_url(reader, &pointer::child(&at, "page"));
        let (Some(raw), Some(token), Some(url)) = (reader.read::<RawFleetSidecar>(&at), token, url)
        else {
            continue;
        };
        if !names.insert(raw.name.clone()) {
            let at = pointer::child(&at, "name");
            reader.problem(&at, "another sidecar has this name", "give each its own");
        }
        sidecars.push(FleetSidecar {
            name: raw.name,
            page: page.unwrap_or_else(|| url.clone()),
            url,
            token,
            ca_file: raw.ca_file.map(|file| reader.environment.absolute(file)),
        });
    }
    sidecars
}

fn token(reader: &mut SectionReader<'_>, at: &str) -> Option<Secret> {
    if secret::is_given(reader, at, "token") {
        return read_token(reader, at, "token");
    }
    let write = "add `token_file: /run/secrets/NAME`, with a token of the scope `read` that the sidecar knows";
    reader.key_problem(at, "`token` or `token_file` is required", write);
    None
}
