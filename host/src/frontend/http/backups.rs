//! `/backup/backups`: the backups in the stores.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodySender, body_channel};
use super::error_response::ErrorResponse;
use super::fields::FormFields;
use super::request::{idempotency_key, prefers_async};
use super::shown::Shown;
use super::state::{ApiState, Peer};
use super::{contents, headers, start};
use crate::error::Error;
use crate::service::{
    BackupPage, BackupQuery, BackupStream, ListedBackup, PruneOptions, Pruned, Pruning, RunFailure,
    RunRequest,
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
#[derive(Debug, Default, PartialEq, Eq, JsonSchema)]
pub(super) struct ArtifactQuery {
    /// A consequence that a refusal names: `plaintext`.
    #[schemars(default)]
    accept: Vec<String>,
    /// Only these parts, such as databases, or these files and folders of an archive, as they were before compression and
    /// encryption. One comes as it is, several as a ZIP.
    #[schemars(default)]
    only: Vec<String>,
}

impl ArtifactQuery {
    /// Of a query, in which a name may occur several times.
    fn parse(query: Option<&str>) -> Result<Self, ErrorResponse> {
        let fields = FormFields::parse(query.unwrap_or_default());
        let mut parsed = Self::default();
        for (name, value) in fields.pairs() {
            match name.as_str() {
                "accept" => parsed.accept.push(value.clone()),
                "only" => parsed.only.push(value.clone()),
                name => {
                    let message = format!("unknown field `{name}`, expected `accept` or `only`");
                    return Err(ErrorResponse::bad_request(message));
                }
            }
        }
        Ok(parsed)
    }
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
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let ArtifactQuery { accept, only } = ArtifactQuery::parse(query.as_deref())?;
    if !only.is_empty() {
        return contents::selected(&app, id, only, accept).await;
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

/// Reads a backup again in every store that has it: at once, or as a run if the client does not wait.
pub(super) async fn verify(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Result<Query<AcceptQuery>, QueryRejection>,
) -> Result<Response, ErrorResponse> {
    let request = RunRequest::verify(Some(&id), &accepted(query)?);
    let holding = move |app: &ApiState| {
        let service = app.jobs.service().holding(&id)?;
        Ok::<_, Error>(service.config().member.clone())
    };
    let strategy = app.blocking(holding).await??;
    answer_verification(
        &app,
        peer,
        &headers,
        RunRequest {
            strategy,
            ..request
        },
    )
    .await
}

/// Reads every backup again; of repositories, the share that is due.
pub(super) async fn verify_all(
    State(app): State<Arc<ApiState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    query: Result<Query<AcceptQuery>, QueryRejection>,
) -> Result<Response, ErrorResponse> {
    let request = RunRequest::verify(None, &accepted(query)?);
    answer_verification(&app, peer, &headers, request).await
}

async fn answer_verification(
    app: &Arc<ApiState>,
    peer: Peer,
    headers: &HeaderMap,
    request: RunRequest,
) -> Result<Response, ErrorResponse> {
    if prefers_async(headers) {
        let request = RunRequest {
            asked_by: peer.asked_by(),
            idempotency_key: idempotency_key(headers)?,
            ..request
        };
        return Ok(start::accepted(&start::start(app, request).await?, false));
    }
    let read = move |app: &ApiState| {
        let service = app.jobs.service().strategy(request.strategy.as_deref())?;
        let verified = service.verify(&service.job(request));
        app.jobs.stores_changed();
        verified
    };
    Ok(Json(app.blocking(read).await??).into_response())
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
