//! One question to a sidecar: `GET /backup/status`.

use std::time::Duration;

use super::bounds::bounded;
use crate::config::{FleetSidecar, Secret};
use crate::error::{Error, Result};
use crate::http_client::{self, ClientSpec, failure, is_untrusted};
use crate::service::SidecarStatus;

/// Bytes of an answer at most: what a sidecar says of more than a hundred strategies.
const LARGEST_ANSWER: usize = 256 << 10;

/// How a sidecar is asked.
pub(super) struct SidecarClient {
    http: reqwest::Client,
    url: String,
    token: Secret,
    timeout: Duration,
}

impl SidecarClient {
    pub(super) fn new(sidecar: &FleetSidecar, timeout: Duration) -> Result<Self> {
        let http = http_client::client(&ClientSpec {
            name: &format!("sidecar `{}`", sidecar.name),
            url: &sidecar.url,
            ca_file: sidecar.ca_file.as_deref(),
            connect_timeout: timeout,
            // The token is for the sidecar alone.
            uses_proxy: false,
        })?;
        Ok(Self {
            http,
            url: format!("{}/backup/status", sidecar.url),
            token: sidecar.token.clone(),
            timeout,
        })
    }

    /// What it is asked at.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How it stands, or why it does not say so in time.
    pub(super) async fn status(&self) -> Result<SidecarStatus> {
        let request = self.http.get(&self.url).bearer_auth(self.token.reveal());
        let answer = request.timeout(self.timeout).send().await;
        let answer = answer.map_err(|error| self.no_answer(&error))?;
        match answer.status().as_u16() {
            200 => self.read(answer).await,
            status => Err(refused(status)),
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<SidecarStatus> {
        let mut body = Vec::new();
        loop {
            let chunk = answer.chunk().await;
            let Some(chunk) = chunk.map_err(|error| self.no_answer(&error))? else {
                break;
            };
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_ANSWER {
                return Err(too_large());
            }
        }
        let unreadable = |error| no_status().caused_by(error);
        let said = serde_json::from_slice(&body).map_err(unreadable)?;
        serde_json::from_value(bounded(said)).map_err(unreadable)
    }

    fn no_answer(&self, error: &reqwest::Error) -> Error {
        let failed = Error::run("no-answer", failure(error, self.timeout));
        match is_untrusted(error) {
            true => failed.hint(
                "name the authority of its certificate as `ca_file`, and write `url` with the name that the certificate is for",
            ),
            false => failed,
        }
    }
}

fn refused(status: u16) -> Error {
    match status {
        401 => Error::run("wrong-token", "it does not know the token").hint(
            "give the fleet a token of the scope `read` that stands under secrets.tokens of that sidecar",
        ),
        429 => Error::run("too-many-bad-tokens", "it got too many wrong tokens from here")
            .hint("correct the token; it listens again after a minute"),
        404 => no_status(),
        other => {
            let error = Error::run("no-status", format!("it answered {other}"));
            match hint(other) {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
    }
}

/// What mostly answers so, which is no sidecar.
fn hint(status: u16) -> Option<&'static str> {
    match status {
        300..400 => Some(
            "something in front of it sends clients elsewhere, such as a single sign-on or a redirect to https: let \
             /backup/status through with its token, or write the address behind it as `url`",
        ),
        403 => {
            Some("a proxy or firewall in front of it refuses the fleet: let /backup/status through")
        }
        500..600 => Some("it has just started, or a proxy in front of it does not reach it"),
        _ => None,
    }
}

fn too_large() -> Error {
    let most = LARGEST_ANSWER >> 10;
    Error::run("no-status", format!("its answer is larger than {most} KiB"))
        .hint("is the URL that of a sidecar? `GET /backup/status` shows what it says")
}

fn no_status() -> Error {
    Error::run(
        "no-status",
        "what answers there does not say how backups stand",
    )
    .hint("is the URL that of a sidecar, with the path that a proxy gives it?")
}
