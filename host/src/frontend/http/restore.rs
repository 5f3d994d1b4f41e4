//! `POST /backup/restore`: restores a backup.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::AuditTarget;
use super::error_response::ErrorResponse;
use super::request::idempotency_key;
use super::shown::Shown;
use super::start::{accepted, start};
use super::state::{ApiState, Peer};
use crate::error::Error;
use crate::service::{Order, Preview, RunRequest, Selection};

/// What to restore, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Restore")]
pub(super) struct RestoreBody {
    /// The id of a backup, the beginning of one, or "latest".
    #[serde(default = "latest")]
    backup: String,
    /// Which of several strategies; left out: the one that has the backup, or the set of all.
    #[serde(default)]
    strategy: Option<String>,
    /// The parts to restore (databases, globs of files); everything if left out.
    #[serde(default)]
    only: Vec<PartSelection>,
    /// A target of the configuration (`restore.targets`), by its name or its exact value, instead of the original one.
    #[serde(default)]
    into: Option<String>,
    /// Whether existing data may be overwritten.
    #[serde(default)]
    replace: bool,
    /// Consequences beyond `replace` that are accepted ("end-sessions"); a refusal names the word.
    #[serde(default)]
    accept: Vec<String>,
    /// How many seconds to wait for others to let go of what is replaced; 10 if left out.
    #[serde(default)]
    wait: Option<u32>,
    /// Answer what would be done, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// `plan` of that answer: the order is refused if what would be done has changed since.
    #[serde(default)]
    plan: Option<String>,
}

/// What a restore would do.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RestorePreview {
    #[serde(flatten)]
    preview: Preview,
    /// Stands for all of it: to be sent back with the order.
    plan: String,
}

/// A part to restore.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Selection")]
struct PartSelection {
    /// Its name in the backup.
    name: String,
    /// Its name after the restore, if it changes; a path must be a target of the configuration, too.
    #[serde(default)]
    new_name: Option<String>,
}

/// Starts a restore and answers at once; or answers what it would do.
pub(super) async fn restore(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Result<Json<RestoreBody>, JsonRejection>,
) -> Result<Response, ErrorResponse> {
    let Json(body) = body.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let into = match body.into {
        Some(into) => {
            let target = app.jobs.service().config().restore_target(&into);
            Some(target.ok_or_else(unknown_target)?.to_owned())
        }
        None => None,
    };
    for part in &body.only {
        let is_path =
            |name: &&String| name.starts_with('/') || name.split('/').any(|part| part == "..");
        if let Some(path) = part.new_name.as_ref().filter(is_path) {
            let listed = app.jobs.service().config().restore_target(path);
            listed.ok_or_else(unknown_place)?;
        }
    }
    let only = body.only.into_iter().map(|part| Selection {
        name: part.name,
        new_name: part.new_name,
        written_as_one: false,
    });
    let (asked, which) = (body.strategy, body.backup.clone());
    let holding = move |app: &ApiState| {
        let service = app.jobs.service();
        let of = match &asked {
            Some(name) => service.strategy(Some(name))?,
            None => service.holding(&which)?,
        };
        Ok::<_, Error>(of.config().member.clone())
    };
    let strategy = app.blocking(holding).await??;
    let mut order = Order {
        which: body.backup,
        only: only.collect(),
        into,
        replace: body.replace,
        accept: body.accept,
        wait: body.wait.map(|wait| Duration::from_secs(wait.into())),
    };
    if body.dry_run || body.plan.is_some() {
        let preview = preview(&app, strategy.clone(), order.clone()).await?;
        if body.dry_run {
            return Ok(Shown(preview).into_response());
        }
        if body.plan != Some(preview.plan) {
            return Err(plan_changed());
        }
        // Not the one that is the latest by then.
        order.which = preview.preview.backup;
    }
    let target = AuditTarget(order_in_words(&order));
    let request = RunRequest {
        strategy,
        asked_by: peer.asked_by(),
        idempotency_key: idempotency_key(&headers)?,
        ..RunRequest::restore(order)
    };
    let mut answer = accepted(&start(&app, request).await?, false);
    answer.extensions_mut().insert(target);
    Ok(answer)
}

/// What the audit log says of it.
pub(super) fn order_in_words(order: &Order) -> String {
    let mut words = format!("backup {}", order.which);
    for part in &order.only {
        words.push_str(&format!(", only {}", part.name));
        if let Some(new_name) = &part.new_name {
            words.push_str(&format!(" as {new_name}"));
        }
    }
    if let Some(into) = &order.into {
        words.push_str(&format!(", into {into}"));
    }
    if order.replace {
        words.push_str(", replacing");
    }
    words
}

/// What an order would do.
async fn preview(
    app: &Arc<ApiState>,
    strategy: Option<String>,
    order: Order,
) -> Result<RestorePreview, ErrorResponse> {
    let preview = move |app: &ApiState| {
        let service = app.jobs.service().strategy(strategy.as_deref())?;
        let preview = service.preview_restore(&order)?;
        let plan = preview.digest(&order);
        Ok::<_, Error>(RestorePreview { preview, plan })
    };
    Ok(app.blocking(preview).await??)
}

/// What a person has confirmed is not what would be done now.
fn plan_changed() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::CONFLICT,
        "plan-changed",
        "what the restore would do has changed since it was previewed",
    )
    .hint("preview it again (`dry_run`), and send the `plan` of that")
}

/// A client with the token could send what is in a backup anywhere, and have it written anywhere.
pub(super) fn unknown_target() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::BAD_REQUEST,
        "unknown-target",
        "`into` is none of the targets that the configuration lists",
    )
    .hint("add it under restore.targets, with a name, and write the name here")
}

/// The same of a part whose new name is a path: it would be written there.
fn unknown_place() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::BAD_REQUEST,
        "unknown-target",
        "a `new_name` that is a path, or leads to another folder, is none of the targets that the configuration lists",
    )
    .hint("write a name without a folder, or add the path under restore.targets")
}

fn latest() -> String {
    "latest".to_owned()
}
