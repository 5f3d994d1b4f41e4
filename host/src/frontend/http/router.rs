//! Which request goes where, and what every request has to pass first.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

use super::auth::require_token;
use super::error_response::ErrorResponse;
use super::middleware::{log, read_body};
use super::operations::operations;
use super::state::ApiState;
use super::{openapi, page};

/// The API.
pub(super) fn router(app: Arc<ApiState>) -> Router {
    let operations = operations();
    let document = openapi::document(&operations).to_string();
    let document = move || async { ([(CONTENT_TYPE, "application/json")], document) };
    let mut with_token = Router::new().route("/openapi.json", get(document));
    let mut for_all = page::routes(&app);
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

async fn not_found() -> ErrorResponse {
    ErrorResponse::not_found("there is nothing here").hint("GET /openapi.json lists what there is")
}

async fn not_allowed() -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this cannot be done here",
    )
    .hint("the header Allow lists what can")
}
