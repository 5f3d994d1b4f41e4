//! One question to a sidecar: `GET /backup/status`.

use std::time::Duration;

use crate::config::{FleetSidecar, Secret};
use crate::error::{Error, Result};
use crate::http_client::{self, ClientSpec, failure};
use crate::service::SidecarStatus;

/// Bytes of an answer at most: many times what a sidecar says.
const LARGEST_ANSWER: usize = 4 << 20;

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
        })?;
        Ok(Self {
            http,
            url: format!("{}/backup/status", sidecar.url),
            token: sidecar.token.clone(),
            timeout,
        })
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
                return Err(no_status());
            }
        }
        serde_json::from_slice(&body).map_err(|error| no_status().caused_by(error))
    }

    fn no_answer(&self, error: &reqwest::Error) -> Error {
        Error::run("no-answer", failure(error, self.timeout))
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
        other => Error::run("no-status", format!("it answered {other}")),
    }
}

fn no_status() -> Error {
    Error::run(
        "no-status",
        "what answers there does not say how backups stand",
    )
    .hint("is the URL that of a sidecar, with the path that a proxy gives it?")
}
