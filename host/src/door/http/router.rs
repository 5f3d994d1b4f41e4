//! Which request goes where, and what every request has to pass first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Json};

use super::answer::Problem;
use super::auth::require_token;
use super::backups::{Checked, Chosen, Decided, Trial};
use super::export::Accepted;
use super::jobs::{Journal, List, Paging, View};
use super::operation::Operation;
use super::request::Parameters;
use super::restore::Wanted;
use super::{
    App, Peer, artifact, backups, events, export, health, jobs, metrics, openapi, page, restore,
};
use crate::config::Capabilities;

/// No request has anything to say that would be longer.
const LARGEST_BODY: usize = 64 * 1024;
/// How long the body of a request may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The API.
pub(super) fn router(app: Arc<App>) -> Router {
    let operations = operations();
    let document = openapi::document(&operations).to_string();
    let document = move || async { ([(CONTENT_TYPE, "application/json")], document) };
    let mut with_token = Router::new().route("/openapi.json", get(document));
    let mut for_all = Router::new()
        .route("/", get(page::page))
        .route("/page.css", get(page::style))
        .route("/page.js", get(page::script));
    for operation in operations {
        let group = if operation.needs_token {
            &mut with_token
        } else {
            &mut for_all
        };
        *group = std::mem::take(group).route(operation.path, operation.handler);
    }
    with_token
        .route_layer(from_fn_with_state(app.clone(), require_token))
        .merge(for_all)
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn(read_body))
        .layer(from_fn(log))
        .with_state(app)
}

/// All that can be asked.
fn operations() -> Vec<Operation> {
    let job = "/backup/jobs/{id}";
    let artifact = "/backup/jobs/{id}/artifact";
    vec![
        Operation::new("get", "/backup/capabilities", get(capabilities))
            .says("What this sidecar can do")
            .json::<Capabilities>(200),
        Operation::new("post", "/backup/export", post(export::export))
            .says("Makes a backup and answers with the artifact; in chunks with trailers when the run takes long")
            .query::<Parameters>()
            .header("Prefer", "`respond-async`: answer 202 at once")
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .bytes(200)
            .json::<Accepted>(202)
            .fails(&[400, 409, 500, 503]),
        Operation::new("post", "/backup/run", post(export::run))
            .says("Starts a backup and answers at once")
            .query::<Parameters>()
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<Accepted>(202)
            .fails(&[400, 409, 500, 503]),
        Operation::new("post", "/backup/restore", post(restore::restore))
            .says("Starts to restore a backup and answers at once; the job says how it went for each part")
            .body::<Wanted>()
            .header("Idempotency-Key", "the same key is the same job for 24 hours")
            .json::<Accepted>(202)
            .fails(&[400, 409, 500, 503]),
        Operation::new("get", "/backup/jobs", get(jobs::list))
            .says("What runs and what ran, youngest first")
            .query::<Paging>()
            .json::<List>(200)
            .fails(&[400]),
        Operation::new("get", job, get(jobs::status))
            .says("How a run stands")
            .json::<View>(200)
            .fails(&[404]),
        Operation::new("delete", job, delete(jobs::cancel))
            .says("Stops a run: it and every process that it started are gone when this answers")
            .json::<View>(200)
            .fails(&[404, 409]),
        Operation::new("get", "/backup/jobs/{id}/events", get(events::follow))
            .says("The same as the status, as it changes: events `state` and `progress`")
            .text(200, "text/event-stream")
            .fails(&[404]),
        Operation::new("get", artifact, get(artifact::fetch))
            .says("The artifact of a run, until somebody has got all of it or its time is over")
            .header("Range", "one range of bytes")
            .header("If-Range", "the ETag that the range belongs to")
            .header("If-None-Match", "ETags that the client has")
            .bytes(200)
            .bytes(206)
            .nothing(304)
            .fails(&[404, 409, 416, 500, 503]),
        Operation::new("get", "/backup/runs", get(jobs::journal))
            .says("The journal of runs, youngest first")
            .query::<Paging>()
            .json::<Journal>(200)
            .fails(&[400]),
        Operation::new("get", "/backup/backups", get(backups::list))
            .says("What the stores hold, newest first")
            .query::<Chosen>()
            .json::<backups::List>(200)
            .fails(&[400, 404, 500]),
        Operation::new("get", "/backup/backups/{id}", get(backups::one))
            .says("Every copy of a backup; the id is one, or its beginning, or `latest`")
            .json::<backups::List>(200)
            .fails(&[400, 404, 500]),
        Operation::new("get", "/backup/backups/{id}/artifact", get(backups::artifact))
            .says("The artifact out of a store: its last bytes come only when all of it is unaltered")
            .bytes(200)
            .fails(&[400, 404, 500]),
        Operation::new("post", "/backup/backups/{id}/verify", post(backups::verify))
            .says("Reads a backup again, in every store, and compares it with its manifest")
            .json::<Checked>(200)
            .fails(&[400, 404, 500]),
        Operation::new("post", "/backup/verify", post(backups::verify_all))
            .says("The same for every backup")
            .json::<Checked>(200)
            .fails(&[404, 500]),
        Operation::new("post", "/backup/prune", post(backups::prune))
            .says("Applies the retention to the stores: what stays and what goes, and why")
            .query::<Trial>()
            .json::<Decided>(200)
            .fails(&[400, 409, 500]),
        Operation::new("get", "/metrics", get(metrics::metrics))
            .says("Metrics in the Prometheus text format")
            .text(200, "text/plain"),
        Operation::new("get", "/healthz", get(health::healthy))
            .says("Whether the process answers")
            .without_token()
            .text(200, "text/plain"),
        Operation::new("get", "/readyz", get(health::ready))
            .says("Whether a backup could be made; else the name of the first check that failed")
            .without_token()
            .text(200, "text/plain")
            .text(503, "text/plain"),
    ]
}

/// Answers what this sidecar can do.
async fn capabilities(State(app): State<Arc<App>>) -> Response {
    Json(&app.jobs.service().config().capabilities).into_response()
}

async fn not_found() -> Problem {
    Problem::not_found("there is nothing here").hint("GET /openapi.json lists what there is")
}

async fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this cannot be done here",
    )
    .hint("the header Allow lists what can")
}

/// Takes the body, whoever needs it, out of the way.
async fn read_body(request: Request, next: Next) -> Result<Response, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body of the request is too large",
        )
        .hint("no request has so much to say")
    };
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST_BODY) {
        return Err(too_large());
    }
    let (head, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_WITHIN, to_bytes(body, LARGEST_BODY)).await;
    match read {
        Ok(Ok(body)) => Ok(next.run(Request::from_parts(head, Body::from(body))).await),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(Problem::bad_request(
            "the body of the request did not arrive in time",
        )),
    }
}

async fn log(Extension(Peer(address)): Extension<Peer>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let start = Instant::now();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    tracing::debug!(%address, %method, path, status, ?took, "answered");
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// Every reference below `value`.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            found.insert(reference.to_owned());
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Object(map) => map.values().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_describes_every_operation() {
        let document = openapi::document(&operations());
        for operation in operations() {
            let described = &document["paths"][operation.path][operation.method];
            assert!(
                described["summary"].is_string(),
                "{} {}",
                operation.method,
                operation.path
            );
            let open = described
                .get("security")
                .is_some_and(|none| *none == serde_json::json!([]));
            assert_eq!(open, !operation.needs_token, "{}", operation.path);
        }
        let export = &document["paths"]["/backup/export"]["post"];
        let names: Vec<_> = export["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| &parameter["name"])
            .collect();
        assert_eq!(
            names,
            [
                "drive_folder_id",
                "cancel_on_disconnect",
                "Prefer",
                "Idempotency-Key"
            ]
        );
        assert!(export["responses"]["401"].is_object() && export["responses"]["409"].is_object());
    }

    #[test]
    fn every_schema_that_is_named_is_there_and_good() {
        let document = openapi::document(&operations());
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.contains("#/components/schemas/Job"), "{found:?}");
        for reference in &found {
            let schema = document
                .pointer(&reference[1..])
                .unwrap_or_else(|| panic!("no {reference}"));
            jsonschema::meta::validate(schema).unwrap();
        }
    }
}
