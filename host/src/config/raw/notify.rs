//! `notify`

use schemars::JsonSchema;

use crate::config::notify::Event;

/// One receiver of news.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key, so that one message serves all secrets"
)]
pub(in super::super) struct Notify {
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
