//! `/backup/backups`: what the stores hold.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Problem;
use super::body::flow;
use super::{App, headers};
use crate::service::{Catalogue, Delivery, Failure, Pruned, StoredBackup, Verified};

/// The query of `GET /backup/backups`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Chosen {
    /// Only those of this store.
    store: Option<String>,
}

/// Backups, newest first; one that is in several stores or tiers stands there once for each.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Backups")]
pub(super) struct List {
    backups: Vec<StoredBackup>,
    /// Manifests that no backup can be made out of.
    damaged: Vec<Damaged>,
}

/// A manifest that no backup can be made out of.
#[derive(Debug, Serialize, JsonSchema)]
struct Damaged {
    store: String,
    key: String,
    error: Failure,
}

/// What was read again and is what it was.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Unaltered")]
pub(super) struct Checked {
    verified: Vec<Verified>,
}

/// The query of `POST /backup/prune`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Trial {
    /// Say what would happen, and why, and delete nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What became of each backup, or would.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Pruning")]
pub(super) struct Decided {
    backups: Vec<Pruned>,
}

impl From<Catalogue> for List {
    fn from(catalogue: Catalogue) -> Self {
        let damaged = catalogue.damaged.into_iter().map(|damaged| Damaged {
            store: damaged.store,
            key: damaged.key,
            error: Failure::from(&damaged.error),
        });
        Self {
            damaged: damaged.collect(),
            backups: catalogue.backups,
        }
    }
}

/// Answers with what the stores hold.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    query: Result<Query<Chosen>, QueryRejection>,
) -> Result<Json<List>, Problem> {
    let Query(chosen) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let look = move |app: &App| app.jobs.service().catalogue(chosen.store.as_deref());
    Ok(Json(app.blocking(look).await??.into()))
}

/// Answers with every copy of one backup.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<List>, Problem> {
    let look = move |app: &App| app.jobs.service().copies(&id);
    let backups = app.blocking(look).await??;
    Ok(Json(List {
        backups,
        damaged: Vec::new(),
    }))
}

/// Answers with the artifact, as it lies in a store. Its last bytes come only when all of it is what
/// the manifest says: else the connection breaks.
pub(super) async fn artifact(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let begin = move |app: &App| app.jobs.service().deliver_stored(&id);
    let delivery = app.blocking(begin).await??;
    let mut head = headers::stored(&delivery.backup.manifest);
    let size = delivery.backup.manifest.artifact.size;
    head.insert(CONTENT_LENGTH, size.into());
    let (feed, body) = flow(Some(size));
    tokio::spawn(async move {
        // A client that goes away needs to be told nothing.
        if pass_on(delivery, &feed).await {
            feed.end(None).await;
        } else {
            feed.give_up().await;
        }
    });
    Ok((head, axum::body::Body::new(body)).into_response())
}

/// Whether it came to its good end.
async fn pass_on(mut delivery: Delivery, feed: &super::body::Feed) -> bool {
    while let Some(piece) = delivery.next().await {
        if feed.send(piece).await.is_err() {
            return false;
        }
    }
    let ended = delivery.end().await;
    if let Err(error) = &ended {
        let (code, hint) = (error.code(), error.hint_text());
        tracing::error!(
            code,
            hint,
            "a backup that was being sent is no good: {error}"
        );
    }
    ended.is_ok()
}

/// Reads one backup again in every store that has it.
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Checked>, Problem> {
    let read = move |app: &App| app.jobs.service().verify(Some(&id));
    let verified = app.blocking(read).await??;
    Ok(Json(Checked { verified }))
}

/// Reads every backup again.
pub(super) async fn verify_all(State(app): State<Arc<App>>) -> Result<Json<Checked>, Problem> {
    let read = |app: &App| app.jobs.service().verify(None);
    let verified = app.blocking(read).await??;
    Ok(Json(Checked { verified }))
}

/// Applies the retention.
pub(super) async fn prune(
    State(app): State<Arc<App>>,
    query: Result<Query<Trial>, QueryRejection>,
) -> Result<Json<Decided>, Problem> {
    let Query(trial) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let prune = move |app: &App| app.jobs.service().prune(trial.dry_run);
    let backups = app.blocking(prune).await??;
    Ok(Json(Decided { backups }))
}
