//! `GET /backup/capabilities`: what this sidecar can back up.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::state::ApiState;
use crate::config::Capabilities;
use crate::service::Service;

/// What the orchestrator is told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Capabilities")]
pub(super) struct CapabilitiesView {
    #[serde(flatten)]
    all: Capabilities,
    /// Where there are several: each of them, as `POST /backup/export?strategy=NAME` makes it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    strategies: Vec<StrategyView>,
}

/// One of several strategies.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StrategyCapabilities")]
struct StrategyView {
    /// Its name in the configuration.
    name: String,
    /// Free words ("database", "files").
    types: Vec<String>,
    /// What the artifact is called.
    filename: String,
    /// The configuration's word for it.
    format: String,
    /// A MIME type.
    content_type: String,
    /// Seconds that a run takes, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    est_seconds: Option<u64>,
    /// Bytes that an artifact has, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    est_size: Option<u64>,
}

/// Answers what this sidecar can do.
pub(super) async fn capabilities(State(app): State<Arc<ApiState>>) -> Response {
    Json(CapabilitiesView::of(app.jobs.service())).into_response()
}

impl CapabilitiesView {
    fn of(service: &Service) -> Self {
        let own = &service.config().capabilities;
        let strategies: Vec<_> = service.members().iter().filter_map(strategy).collect();
        let mut known = BTreeSet::new();
        let of_members = strategies.iter().flat_map(|one| &one.types);
        let types = own.types.iter().chain(of_members);
        let types = types.filter(|one| known.insert(one.as_str()));
        let sum = |of: fn(&StrategyView) -> Option<u64>| {
            let all: Option<Vec<u64>> = strategies.iter().map(of).collect();
            all.filter(|all| !all.is_empty())
                .map(|all| all.iter().sum())
        };
        Self {
            all: Capabilities {
                types: types.cloned().collect(),
                est_seconds: own.est_seconds.or_else(|| sum(|one| one.est_seconds)),
                est_size: own.est_size.or_else(|| sum(|one| one.est_size)),
                version: own.version.clone(),
            },
            strategies,
        }
    }
}

fn strategy(service: &Service) -> Option<StrategyView> {
    let config = service.config();
    let (own, artifact) = (&config.capabilities, &config.strategy.artifact);
    Some(StrategyView {
        name: config.member.clone()?,
        types: own.types.clone(),
        filename: artifact.filename.clone(),
        format: artifact.format.clone(),
        content_type: artifact.content_type.clone(),
        est_seconds: own.est_seconds,
        est_size: own.est_size,
    })
}
