//! What lies in a backup, and parts or files of it alone.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::body::{BodySender, body_channel};
use super::error_response::ErrorResponse;
use super::headers;
use super::shown::Shown;
use super::state::ApiState;
use crate::service::{BackupContents, ContentsQuery, SelectedStream};

/// The query of `GET /backup/backups/{id}/contents`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentsParameters {
    /// Only what lies directly in this folder of an archive; empty: at the top. Left out: everything, however deep.
    under: Option<String>,
    /// Only names that have this text in them, whatever the case of its letters.
    r#match: Option<String>,
    /// How many parts, and how many entries: 500 unless given, and 1000 at most.
    limit: Option<usize>,
}

/// Answers what lies in a backup.
pub(super) async fn contents(
    State(app): State<Arc<ApiState>>,
    Path(id): Path<String>,
    query: Result<Query<ContentsParameters>, QueryRejection>,
) -> Result<Shown<BackupContents>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let query = ContentsQuery {
        under: query.under,
        matching: query.r#match,
        limit: query.limit,
    };
    let read = move |app: &ApiState| app.jobs.contents(&id, &query);
    Ok(Shown(app.blocking(read).await??))
}

/// Answers with parts or files of a backup, decrypted and decompressed: one as it is, several as a ZIP. Its last bytes are
/// sent only when all of it is what was backed up; otherwise the connection breaks.
pub(super) async fn selected(
    app: &Arc<ApiState>,
    id: String,
    names: Vec<String>,
    accept: Vec<String>,
) -> Result<Response, ErrorResponse> {
    let open = move |app: &ApiState| app.jobs.service().stream_selected(&id, &names, &accept);
    let selected = app.blocking(open).await??;
    let size = selected.head.size;
    let mut head = headers::selected(&selected.backup, &selected.head);
    if let Some(size) = size {
        head.insert(CONTENT_LENGTH, size.into());
    }
    let (sender, body) = body_channel(size);
    tokio::spawn(forward(selected, sender));
    Ok((head, Body::new(body)).into_response())
}

async fn forward(mut selected: SelectedStream, sender: BodySender) {
    while let Some(piece) = selected.next().await {
        let sent = match piece {
            Ok(piece) => sender.send(piece).await.is_ok(),
            Err(_) => false,
        };
        if !sent {
            sender.abort().await;
            return;
        }
    }
    sender.end(None).await;
}
