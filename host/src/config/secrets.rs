//! `secrets`: what callers must know.

use schemars::JsonSchema;

use super::secret::{self, Secret};
use super::section_reader::SectionReader;

/// What callers must know.
#[derive(JsonSchema)]
#[schemars(rename = "Secrets", deny_unknown_fields, extend("examples" = [{"api_token": "${BACKUP_API_TOKEN}"}]))]
#[expect(
    dead_code,
    reason = "read key by key, so that one message serves all secrets"
)]
pub(super) struct RawSecrets {
    /// The bearer token of the API. Either this or `api_token_file` is required.
    #[schemars(extend("writeOnly" = true, "examples" = ["${BACKUP_API_TOKEN}"]))]
    api_token: Option<String>,
    /// A file that holds the token, such as a mounted secret.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/api_token"]))]
    api_token_file: Option<String>,
}

/// `secrets`
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The bearer token.
    pub api_token: Secret,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Option<Secrets> {
    // A section that is missing as a whole is the schema's to report.
    reader.given("/secrets")?.as_object()?;
    if !secret::is_given(reader, "/secrets", "api_token") {
        reader.key_problem(
            "/secrets",
            "`api_token` or `api_token_file` is required",
            "add `api_token: ${BACKUP_API_TOKEN}`, or `api_token_file: /run/secrets/api_token`",
        );
        return None;
    }
    let (at, api_token) = secret::read(reader, "/secrets", "api_token")?;
    let mut bytes = api_token.reveal().bytes();
    if !bytes.all(|byte| byte.is_ascii_graphic()) {
        reader.problem(
            &at,
            "the token has spaces or characters that no HTTP header can carry",
            "use letters, digits and punctuation, such as the output of `openssl rand -hex 32`",
        );
    }
    Some(Secrets { api_token })
}
