//! `secrets`: what callers must know.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::{self, Secret};
use super::section_reader::SectionReader;
use super::yaml::pointer;

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
    /// Further tokens, by name, each for what its `scope` allows. `api_token` may do everything.
    #[schemars(extend("examples" = [{"orchestrator": {"scope": "run", "token_file": "/run/secrets/orchestrator"}}]))]
    tokens: Option<BTreeMap<String, RawToken>>,
}

/// A token of the API that may not do everything.
#[derive(JsonSchema)]
#[schemars(rename = "Token", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key, so that one message serves all secrets"
)]
pub(super) struct RawToken {
    /// What it may do.
    scope: TokenScope,
    /// The token. Either this or `token_file` is required.
    #[schemars(extend("writeOnly" = true, "examples" = ["${ORCHESTRATOR_TOKEN}"]))]
    token: Option<String>,
    /// A file that holds the token, such as a mounted secret.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/orchestrator"]))]
    token_file: Option<String>,
}

/// What a token may do: each of them all that the ones before it may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// See what there is and how it stands, and no byte of a backup.
    Read,
    /// Make, download, verify and try backups, and stop runs.
    Run,
    /// Restore them.
    Restore,
    /// Everything: delete by the retention, read the configuration and the audit log.
    Admin,
}

impl TokenScope {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Restore => "restore",
            Self::Admin => "admin",
        }
    }
}

/// `secrets`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The bearer token that may do everything.
    pub api_token: Secret,
    /// Those that may not.
    pub tokens: Vec<NamedToken>,
}

/// A token of the API with a name and a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedToken {
    /// What the audit log calls it.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// What a client sends.
    pub token: Secret,
}

/// The name of `api_token` in the audit log: no other token has it.
pub const API_TOKEN: &str = "api_token";

/// Letters of a name at most.
const LONGEST_NAME: usize = 31;

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
    let api_token = read_token(reader, "/secrets", "api_token")?;
    let tokens = read_named(reader, &api_token);
    Some(Secrets { api_token, tokens })
}

fn read_named(reader: &mut SectionReader<'_>, api_token: &Secret) -> Vec<NamedToken> {
    let mut tokens: Vec<NamedToken> = Vec::new();
    for name in reader.keys("/secrets/tokens") {
        let at = pointer::child("/secrets/tokens", &name);
        if !is_plain(&name) {
            let write = "write a name such as `orchestrator`: a-z, 0-9, - and _, at most 31 of them, a letter first";
            reader.key_problem(&at, "this cannot name a token", write);
        }
        if !secret::is_given(reader, &at, "token") {
            let write = "add `token: ${NAME_OF_A_VARIABLE}`, or `token_file: /run/secrets/NAME`";
            reader.key_problem(&at, "`token` or `token_file` is required", write);
            continue;
        }
        let scope = pointer::child(&at, "scope");
        let (Some(scope), Some(token)) = (reader.read(&scope), read_token(reader, &at, "token"))
        else {
            continue;
        };
        let mut others = tokens.iter().map(|other| &other.token);
        if token == *api_token || others.any(|other| *other == token) {
            let wrong = "this is the same token as another one: whose it is could not be told";
            reader.key_problem(&at, wrong, "give each client a token of its own");
        }
        tokens.push(NamedToken { name, scope, token });
    }
    tokens
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    name.bytes()
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && name.len() <= LONGEST_NAME
        && name.bytes().all(plain)
        && name != API_TOKEN
}

/// A token that an HTTP header can carry.
pub(super) fn read_token(reader: &mut SectionReader<'_>, map: &str, name: &str) -> Option<Secret> {
    let (at, token) = secret::read(reader, map, name)?;
    if !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.problem(
            &at,
            "the token has spaces or characters that no HTTP header can carry",
            "use letters, digits and punctuation, such as the output of `openssl rand -hex 32`",
        );
    }
    Some(token)
}
