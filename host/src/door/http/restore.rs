//! `POST /backup/restore`: brings a backup back.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Problem;
use super::export::{accepted, start};
use super::request::idempotency_key;
use super::{App, Peer};
use crate::service::{Order, Request, Selection};

/// What is to be restored, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Restore")]
pub(super) struct Wanted {
    /// A backup's id, or its beginning, or "latest".
    #[serde(default = "latest")]
    backup: String,
    /// The parts (databases, globs of files); left out: everything.
    #[serde(default)]
    only: Vec<Only>,
    /// Another server (a URL) or another directory than the one that it came from.
    #[serde(default)]
    into: Option<String>,
    /// Whether what is there may be overwritten.
    #[serde(default)]
    replace: bool,
}

/// A part.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Selection")]
struct Only {
    /// As it is called in the backup.
    name: String,
    /// What it shall be called.
    #[serde(default)]
    new_name: Option<String>,
}

/// Starts a restore and answers at once.
pub(super) async fn restore(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    wanted: Result<Json<Wanted>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(wanted) = wanted.map_err(|error| Problem::bad_request(error.body_text()))?;
    let only = wanted.only.into_iter().map(|only| Selection {
        name: only.name,
        new_name: only.new_name,
    });
    let request = Request {
        asked_by: peer.asks(),
        idempotency_key: idempotency_key(&headers)?,
        ..Request::restore(Order {
            which: wanted.backup,
            only: only.collect(),
            into: wanted.into,
            replace: wanted.replace,
        })
    };
    Ok(accepted(&start(&app, request).await?.run(), false))
}

fn latest() -> String {
    "latest".to_owned()
}
