//! `POST /backup/check`: what would go wrong tonight, as `sidecar check` finds it.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error_response::ErrorResponse;
use super::shown::Shown;
use super::state::ApiState;
use crate::error::Error;
use crate::service::{CheckReport, RunFailure};

/// The query of `POST /backup/check`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckQuery {
    /// Which of several strategies; left out: all of them.
    #[serde(default)]
    strategy: Option<String>,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Check")]
pub(super) struct CheckView {
    /// What would make the next backup fail.
    pub(super) errors: Vec<RunFailure>,
    /// What the operator should know, although it fails no run.
    pub(super) warnings: Vec<RunFailure>,
    /// What is done otherwise in a store, and why.
    pub(super) remarks: Vec<String>,
    /// The stores that can do what a backup needs.
    pub(super) stores: Vec<String>,
}

impl From<&CheckReport> for CheckView {
    fn from(report: &CheckReport) -> Self {
        let told = |found: &[Arc<Error>]| {
            let found = found.iter().map(|error| RunFailure::from(&**error));
            found.collect()
        };
        let all = || std::iter::once(report).chain(&report.members);
        let mut stores: Vec<String> = all().flat_map(|one| one.stores.clone()).collect();
        stores.sort();
        stores.dedup();
        let mut remarks: Vec<String> = all().flat_map(|one| one.remarks.clone()).collect();
        remarks.dedup();
        Self {
            errors: told(&report.errors),
            warnings: told(&report.warnings),
            remarks,
            stores,
        }
    }
}

/// Looks at everything that a run needs, and answers with what was found.
pub(super) async fn check(
    State(app): State<Arc<ApiState>>,
    query: Result<Query<CheckQuery>, QueryRejection>,
) -> Result<Shown<CheckView>, ErrorResponse> {
    let Query(query) = query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
    Ok(Shown(found(&app, query.strategy).await?))
}

/// What a check finds; it takes as long as servers and stores take to answer.
pub(super) async fn found(
    app: &Arc<ApiState>,
    strategy: Option<String>,
) -> Result<CheckView, ErrorResponse> {
    let check = move |app: &ApiState| app.jobs.check(strategy.as_deref());
    let report = app.blocking(check).await??;
    Ok(CheckView::from(&report))
}
