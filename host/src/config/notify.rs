//! `notify`: who is told about runs.

use http::Uri;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::{self, Secret};
use super::section_reader::SectionReader;

/// One receiver of news.
#[derive(JsonSchema)]
#[schemars(rename = "Notify", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key, so that one message serves all secrets"
)]
pub(super) struct RawNotify {
    /// What is worth telling.
    #[schemars(length(min = 1), extend("examples" = [["failure"]]))]
    on: Vec<Event>,
    /// Gets a POST with JSON.
    #[schemars(extend("writeOnly" = true))]
    webhook: Option<String>,
    /// A file that holds the webhook's URL.
    webhook_file: Option<String>,
    /// Gets a GET; `/start` and `/fail` are appended.
    #[schemars(extend("writeOnly" = true))]
    healthcheck: Option<String>,
    /// A file that holds the health check's URL.
    healthcheck_file: Option<String>,
}

/// An entry of `notify`, for one of its URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// What it wants to know.
    pub on: Vec<Event>,
    /// Where the event is sent.
    pub target: Target,
}

/// How a receiver is notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A POST with JSON.
    Webhook(Secret),
    /// A GET; `/start` and `/fail` are appended to the path, as healthchecks.io has them.
    Healthcheck(Secret),
}

/// What is worth telling (`notify[].on`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A run has started.
    Start,
    /// It succeeded: every store has the backup.
    Success,
    /// It failed, wholly or for a store.
    Failure,
}

/// One receiver for each URL.
pub(super) fn read(reader: &mut SectionReader<'_>) -> Vec<Receiver> {
    let mut receivers = Vec::new();
    for at in reader.items("/notify") {
        let on = reader.read(&format!("{at}/on")).unwrap_or_default();
        let webhook = read_url(reader, &at, "webhook").map(Target::Webhook);
        let healthcheck = read_url(reader, &at, "healthcheck").map(Target::Healthcheck);
        if !has_target(reader, &at) {
            reader.key_problem(
                &at,
                "no receiver: `webhook` or `healthcheck` is required",
                "add `webhook: https://…` or `healthcheck: https://…`",
            );
        }
        let targets = [webhook, healthcheck].into_iter().flatten();
        receivers.extend(targets.map(|target| Receiver {
            on: Vec::clone(&on),
            target,
        }));
    }
    receivers
}

fn has_target(reader: &SectionReader<'_>, at: &str) -> bool {
    ["webhook", "webhook_file", "healthcheck", "healthcheck_file"]
        .iter()
        .any(|key| reader.given(&format!("{at}/{key}")).is_some())
}

/// A URL that holds a secret, and so is never shown.
fn read_url(reader: &mut SectionReader<'_>, map: &str, name: &str) -> Option<Secret> {
    if !secret::is_given(reader, map, name) {
        return None;
    }
    let (at, url) = secret::read(reader, map, name)?;
    let is_web = url.reveal().parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
    });
    if !is_web {
        reader.problem(
            &at,
            "this is not the URL of a web server",
            "write the whole URL, such as `https://chat.example/hook`",
        );
    }
    is_web.then_some(url)
}
