//! The audit log: who asked for what, and what came of it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::LOCATION;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::auth::Caller;
use super::error_response::{ErrorCode, ErrorResponse};
use super::shown::Shown;
use super::state::ApiState;
use crate::clock;
use crate::display::cut;
use crate::redact::redacted;
use crate::service::AuditEntry;

/// Bytes of a target at most.
const LONGEST_TARGET: usize = 500;
/// Entries of a list, unless the client asks for another number.
const DEFAULT_LIMIT: usize = 100;
/// The most entries of a list.
const MAX_LIMIT: usize = 1000;

/// What an order is about, which its path does not say; the handler adds it to its response.
#[derive(Debug, Clone)]
pub(super) struct AuditTarget(pub(super) String);

/// What is written down of a request whose client was gone before it was answered: it may have been done.
const NOT_AWAITED: &str = "the client did not wait for the answer";

/// A request on its way. Dropped before it is answered, it is written down all the same.
pub(super) struct AuditedRequest {
    app: Arc<ApiState>,
    /// None once it is written down.
    entry: Option<AuditEntry>,
    /// Whether it is written down although it changes nothing.
    is_recorded: bool,
}

impl AuditedRequest {
    /// What `caller` asks for.
    pub(super) fn of(
        app: &Arc<ApiState>,
        operation: &str,
        caller: &Caller,
        address: IpAddr,
        request: &Request,
    ) -> Self {
        let uri = request.uri();
        let target = uri
            .path_and_query()
            .map_or(uri.path(), |whole| whole.as_str());
        Self {
            app: app.clone(),
            entry: Some(AuditEntry {
                at: clock::now(),
                who: caller.name.clone(),
                address: address.to_canonical().to_string(),
                operation: operation.to_owned(),
                target: shown(target),
                outcome: String::new(),
                times: 1,
                since: None,
            }),
            is_recorded: request.method() != Method::GET && request.method() != Method::HEAD
                || operation.ends_with("/artifact"),
        }
    }

    /// Writes it down, if it belongs there, and passes the answer on.
    pub(super) async fn answered(mut self, response: Response) -> Response {
        let Some(mut entry) = self.entry.take() else {
            return response;
        };
        if !self.is_recorded && response.status() != StatusCode::FORBIDDEN {
            return response;
        }
        entry.at = clock::now();
        entry.outcome = outcome(&response);
        if let Some(AuditTarget(target)) = response.extensions().get() {
            entry.target = shown(target);
        }
        if !entry.is_refused() {
            tell(&entry);
        }
        // A request fails for no journal.
        let write = move |app: &ApiState| app.jobs.service().history().audit(&entry);
        let _ = self.app.blocking(write).await;
        response
    }
}

impl Drop for AuditedRequest {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take().filter(|_| self.is_recorded) else {
            return;
        };
        entry.outcome = NOT_AWAITED.to_owned();
        tell(&entry);
        let app = self.app.clone();
        // The connection, which is gone, waits for nothing. At the end of the process the log has it alone.
        if let Ok(event_loop) = Handle::try_current() {
            event_loop.spawn_blocking(move || app.jobs.service().history().audit(&entry));
        }
    }
}

/// A log may go where no token of this sidecar reaches, and has each of equal ones.
fn tell(entry: &AuditEntry) {
    let AuditEntry {
        who,
        address,
        operation,
        target,
        outcome,
        ..
    } = entry;
    tracing::info!(
        who,
        address,
        operation,
        target,
        outcome,
        "done for a client"
    );
}

fn outcome(response: &Response) -> String {
    let status = response.status().as_u16();
    let job = response.headers().get(LOCATION);
    let job = job.and_then(|url| url.to_str().ok()?.rsplit('/').next());
    match (response.extensions().get(), job) {
        (Some(ErrorCode(code)), _) => format!("{status} {code}"),
        (None, Some(job)) => format!("{status} job {job}"),
        (None, None) => status.to_string(),
    }
}

fn shown(target: &str) -> String {
    cut(&redacted(target), LONGEST_TARGET).into_owned()
}

/// The query of `GET /backup/audit`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// How many entries, from the newest: 100 unless given, and 1000 at most.
    limit: Option<usize>,
}

/// What was asked, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
pub(super) struct AuditLog {
    audit: Vec<AuditEntry>,
}

/// Answers with the audit log.
pub(super) async fn list(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Shown<AuditLog>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let audit = app.blocking(move |app| app.jobs.service().audited(limit));
    Ok(Shown(AuditLog {
        audit: audit.await?,
    }))
}
