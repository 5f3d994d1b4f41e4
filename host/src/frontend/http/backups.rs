//! `/backup/backups`: the backups in the stores.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodySender, body_channel};
use super::error_response::ErrorResponse;
use super::shown::Shown;
use super::state::ApiState;
use super::{contents, headers};
use crate::service::{
    BackupPage, BackupQuery, BackupStream, ListedBackup, PruneOptions, Pruned, Pruning, RunFailure,
    Verified,
};

/// The query of `GET /backup/backups`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct BackupsQuery {
    /// Only the copies in this store.
    store: Option<String>,
    /// Only those of this one of several strategies; `sets`: of the set.
    strategy: Option<String>,
    /// How many backups, from the newest: 500 unless given, and 1000 at most.
    limit: Option<usize>,
    /// Only those that are older than the backup with this id: `next` of the page before.
    before: Option<String>,
}

/// Backups, newest first; one that is in several stores or tiers is listed once for each.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Backups")]
pub(super) struct BackupList {
    backups: Vec<ListedBackup>,
    /// Manifests that cannot be used, artifacts without one, and stores that do not answer.
    damaged: Vec<DamagedManifest>,
    /// When the stores were listed. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
    /// How many backups there are, each counted once.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// What to give as `before` for the next page; left out of the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A manifest that cannot be used.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Damaged")]
struct DamagedManifest {
    store: String,
    /// Empty if it is the store itself.
    key: String,
    error: RunFailure,
}

/// Backups that were read again and are unaltered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Unaltered")]
pub(super) struct VerifyResponse {
    verified: Vec<Verified>,
}

/// The query of `POST /backup/prune`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PruneQuery {
    /// Answer what would be kept and deleted, and why, and delete nothing.
    #[serde(default)]
    dry_run: bool,
    /// Delete all that is to go, also where that is much: after a retention was shortened.
    #[serde(default)]
    yes: bool,
}

/// What the client accepts of a backup that is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptQuery {
    /// A consequence that a refusal names: `plaintext`.
    #[serde(default)]
    accept: Option<String>,
}

/// The query of `GET /backup/backups/{id}/artifact`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArtifactQuery {
    /// A consequence that a refusal names: `plaintext`.
    accept: Option<String>,
    /// Only this part, such as a database, as it was before compression and encryption.
    only: Option<String>,
}

/// What was done with each backup, or would be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Pruning")]
pub(super) struct PruneResponse {
    backups: Vec<Pruned>,
}

impl From<BackupPage> for BackupList {
    fn from(page: BackupPage) -> Self {
        let damaged = page.damaged.into_iter();
        let damaged = damaged.map(|(store, key, error)| DamagedManifest { store, key, error });
        Self {
            damaged: damaged.collect(),
            backups: page.backups,
            as_of: Some(page.as_of),
            total: Some(page.total),
            next: page.next,
        }
    }
}

/// Answers with the backups in the stores.
pub(super) async fn list(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<BackupsQuery>, QueryRejection>,
) -> Result<Shown<BackupList>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let query = BackupQuery {
        store: query.store,
        strategy: query.strategy,
        tier: None,
        limit: query.limit,
        before: query.before,
    };
    let read = move |app: &ApiState| app.jobs.backups(&query);
    Ok(Shown(app.blocking(read).await??.into()))
}

/// Answers with every copy of one backup.
pub(super) async fn one(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
) -> Result<Shown<BackupList>, ErrorResponse> {
    let backups = app.blocking(move |app| app.jobs.copies(&id)).await??;
    Ok(Shown(BackupList {
        backups,
        damaged: Vec::new(),
        as_of: None,
        total: None,
        next: None,
    }))
}

/// Answers with the artifact as it is in a store. Its last bytes are sent only when all of it matches
/// the manifest; otherwise the connection breaks.
pub(super) async fn artifact(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
    query: Result<Query<ArtifactQuery>, QueryRejection>,
) -> Result<Response, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let accept: Vec<String> = query.accept.into_iter().collect();
    if let Some(name) = query.only {
        return contents::part(&app, id, name, accept).await;
    }
    let open = move |app: &ApiState| app.jobs.service().stream_stored(&id, &accept);
    let delivery = app.blocking(open).await??;
    let mut head = headers::stored(&delivery.backup.manifest);
    let size = delivery.backup.manifest.artifact.stored_size();
    head.insert(CONTENT_LENGTH, size.into());
    let (sender, body) = body_channel(Some(size));
    tokio::spawn(async move {
        if forward(delivery, &sender).await {
            sender.end(None).await;
        } else {
            sender.abort().await;
        }
    });
    Ok((head, axum::body::Body::new(body)).into_response())
}

/// Sends the artifact; returns whether the client has got all of it, and all of it is unaltered.
async fn forward(mut delivery: BackupStream, sender: &BodySender) -> bool {
    while let Some(piece) = delivery.next().await {
        if sender.send(piece).await.is_err() {
            return false;
        }
    }
    let ended = delivery.end().await;
    if let Err(error) = &ended {
        let (code, hint) = (error.code(), error.hint_text());
        tracing::error!(code, hint, "a backup cannot be sent to its end: {error}");
    }
    ended.is_ok()
}

/// Reads a backup again in every store that has it.
pub(super) async fn verify(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
    query: Result<Query<AcceptQuery>, QueryRejection>,
) -> Result<Json<VerifyResponse>, ErrorResponse> {
    let accept = accepted(query)?;
    let read = move |app: &ApiState| {
        let verified = app.jobs.service().verify(Some(&id), &accept);
        app.jobs.stores_changed();
        verified
    };
    let verified = app.blocking(read).await??;
    Ok(Json(VerifyResponse { verified }))
}

/// Reads every backup again.
pub(super) async fn verify_all(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<AcceptQuery>, QueryRejection>,
) -> Result<Json<VerifyResponse>, ErrorResponse> {
    let accept = accepted(query)?;
    let read = move |app: &ApiState| {
        let verified = app.jobs.service().verify(None, &accept);
        app.jobs.stores_changed();
        verified
    };
    let verified = app.blocking(read).await??;
    Ok(Json(VerifyResponse { verified }))
}

fn accepted(
    query: Result<Query<AcceptQuery>, QueryRejection>,
) -> Result<Vec<String>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    Ok(query.accept.into_iter().collect())
}

/// Applies the retention.
pub(super) async fn prune(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<PruneQuery>, QueryRejection>,
) -> Result<Json<PruneResponse>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let order = PruneOptions {
        dry_run: query.dry_run,
        yes: query.yes,
    };
    let prune = move |app: &ApiState| {
        let pruned = app.jobs.service().prune(order);
        app.jobs.stores_changed();
        pruned
    };
    let Pruning { backups, failed } = app.blocking(prune).await??;
    match failed.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(Json(PruneResponse { backups })),
    }
}
