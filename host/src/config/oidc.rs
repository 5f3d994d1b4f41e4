//! `app.oidc`: the provider at which people sign in to the page, beside the tokens.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::Uri;
use schemars::JsonSchema;
use serde::Deserialize;

use super::registry_host::is_loopback;
use super::secret::{self, Secret};
use super::secrets::TokenScope;
use super::section_reader::SectionReader;

/// Where the section stands.
const SECTION: &str = "/app/oidc";
/// Where the page takes browsers back that a provider sends: every `redirect_url` ends with it.
pub const CALLBACK_PATH: &str = "ui/sign-in/callback";

/// An OpenID provider, at which people sign in to the page beside the tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Oidc")]
#[expect(
    dead_code,
    reason = "the secret is read key by key, so that one message serves all secrets"
)]
pub(super) struct RawOidc {
    /// The issuer, as the provider itself writes it: `/.well-known/openid-configuration` is found below it.
    #[schemars(length(min = 1), extend("examples" = ["https://sso.example/realms/ops"]))]
    issuer: String,
    /// What the provider calls this sidecar.
    #[schemars(length(min = 1), extend("examples" = ["sidecar"]))]
    client_id: String,
    /// What the sidecar shows the provider. Left out with `client_secret_file`: a public client.
    #[schemars(extend("writeOnly" = true, "examples" = ["${OIDC_CLIENT_SECRET}"]))]
    client_secret: Option<String>,
    /// A file that holds the client's secret, such as a mounted one.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/oidc"]))]
    client_secret_file: Option<String>,
    /// The page's `ui/sign-in/callback` as browsers reach it. Left out: below `app.page`, else at the host that the browser asks.
    #[schemars(length(min = 1), extend("examples" = ["https://backup.example/ui/sign-in/callback"]))]
    redirect_url: Option<String>,
    /// Certificates (PEM) that the provider's must come from, instead of the system's.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/ca.crt"]))]
    ca_file: Option<String>,
    /// What is asked for beside `openid`.
    #[schemars(extend("default" = ["profile", "email"], "examples" = [["profile", "email", "groups"]]))]
    scopes: Option<Vec<String>>,
    /// The claim of the ID token that decides; `realm_access.roles` is the claim `roles` within another one.
    #[schemars(length(min = 1), extend("default" = "groups"))]
    claim: Option<String>,
    /// Values of that claim, and what each allows. Of several the highest counts.
    #[schemars(extend("minProperties" = 1, "examples" = [{"ops": "admin", "developers": "run"}]))]
    grants: BTreeMap<String, TokenScope>,
}

/// `app.oidc`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// An https URL, or http on loopback.
    pub issuer: String,
    /// What the provider calls this sidecar.
    pub client_id: String,
    /// None: a public client.
    pub client_secret: Option<Secret>,
    /// None: at the host that the browser asks.
    pub redirect_url: Option<String>,
    /// PEM: the only certificates that the provider's may come from.
    pub ca_file: Option<PathBuf>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim whose values are granted something.
    pub claim: String,
    /// What each value allows.
    pub grants: BTreeMap<String, TokenScope>,
}

impl Oidc {
    /// Where browsers find the page, if that is known.
    pub(super) fn page(&self) -> Option<&str> {
        let below = self.redirect_url.as_ref()?.strip_suffix(CALLBACK_PATH)?;
        below.strip_suffix('/')
    }

    /// The issuer's host, and its port if it has one: what people know the provider by.
    pub fn host(&self) -> String {
        let uri = self.issuer.parse::<Uri>().ok();
        uri.as_ref()
            .and_then(Uri::authority)
            .map_or_else(|| self.issuer.clone(), ToString::to_string)
    }
}

/// Whether what is sent there is seen by that server alone: https, or this very machine.
pub fn is_confidential(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| match uri.scheme_str() {
        Some("https") => uri.host().is_some(),
        Some("http") => uri.host().is_some_and(is_loopback),
        _ => false,
    })
}

/// `page` is where browsers find the page.
pub(super) fn read(reader: &mut SectionReader<'_>, page: Option<&str>) -> Option<Oidc> {
    let has_secret = secret::is_given(reader, SECTION, "client_secret");
    let client_secret = has_secret.then(|| secret::read(reader, SECTION, "client_secret"));
    let raw: RawOidc = reader.read(SECTION)?;
    if !is_issuer(&raw.issuer) {
        reader.problem(
            &format!("{SECTION}/issuer"),
            format!("`{}` cannot be trusted with signing in: it is no https URL (http is for loopback)", raw.issuer),
            "write it as the provider does, without `/.well-known/…`: `https://sso.example/realms/ops`",
        );
    }
    if let Some(url) = &raw.redirect_url
        && !is_callback(url)
    {
        reader.problem(
            &format!("{SECTION}/redirect_url"),
            format!("`{url}` does not lead to this page"),
            format!("write the page's own address with `{CALLBACK_PATH}` at its end: `https://backup.example/{CALLBACK_PATH}`"),
        );
    }
    if let (Some(url), Some(page)) = (&raw.redirect_url, page)
        && *url != format!("{page}/{CALLBACK_PATH}")
    {
        reader.problem(
            &format!("{SECTION}/redirect_url"),
            format!("`{url}` is not below app.page, {page}"),
            "leave it out: it follows from app.page",
        );
    }
    let callback = page.map(|page| format!("{page}/{CALLBACK_PATH}"));
    let scopes = raw
        .scopes
        .unwrap_or_else(|| vec!["profile".to_owned(), "email".to_owned()]);
    Some(Oidc {
        issuer: raw.issuer,
        client_id: raw.client_id,
        client_secret: client_secret.flatten().map(|(_, secret)| secret),
        redirect_url: raw.redirect_url.or(callback),
        ca_file: raw.ca_file.map(|file| reader.environment.absolute(file)),
        scopes,
        claim: raw.claim.unwrap_or_else(|| "groups".to_owned()),
        grants: raw.grants,
    })
}

fn is_issuer(url: &str) -> bool {
    is_confidential(url) && !url.contains(['?', '#', '@']) && !url.contains("/.well-known/")
}

fn is_callback(url: &str) -> bool {
    let uri = url.parse::<Uri>();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
        && url.ends_with(&format!("/{CALLBACK_PATH}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_reached_over_tls_or_on_this_machine() {
        for url in [
            "https://sso.example",
            "http://localhost:9",
            "http://[::1]:9/x",
            "http://127.0.0.1",
        ] {
            assert!(is_issuer(url), "{url}");
        }
        for url in [
            "http://sso.example",
            "http://localhost.example",
            "sso.example",
            "https://",
            "https://sso.example?x",
            "https://user@sso.example",
            "https://sso.example/.well-known/openid-configuration",
        ] {
            assert!(!is_issuer(url), "{url}");
        }
    }

    #[test]
    fn a_browser_comes_back_to_the_page() {
        assert!(is_callback("https://backup.example/a/ui/sign-in/callback"));
        for url in [
            "https://backup.example/",
            "/ui/sign-in/callback",
            "https://evil.example/xui/sign-in/callback",
        ] {
            assert!(!is_callback(url), "{url}");
        }
    }
}
