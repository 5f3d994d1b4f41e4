//! Which request goes where, and what every request has to pass first.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};

use super::auth::{Guard, authenticate, out_of_scope, require_scope};
use super::error_response::ErrorResponse;
use super::middleware::log;
use super::operations::operations;
use super::state::ApiState;
use super::{openapi, page};
use crate::config::TokenScope;

/// The API.
pub(super) fn router(app: Arc<ApiState>) -> Router {
    let operations = operations();
    let document = openapi::document(&operations).to_string();
    let document = move || async { ([(CONTENT_TYPE, "application/json")], document) };
    let guarded = |operation: String, needs: TokenScope, handler: MethodRouter<Arc<ApiState>>| {
        let guard = Guard {
            app: app.clone(),
            operation,
            needs,
            refused: |caller, needs| out_of_scope(caller, needs).into_response(),
        };
        handler
            .route_layer(from_fn_with_state(Arc::new(guard), require_scope))
            .route_layer(from_fn_with_state(app.sign_in.clone(), authenticate))
    };
    let description = "GET /openapi.json".to_owned();
    let mut routes = page::routes(&app).route(
        "/openapi.json",
        guarded(description, TokenScope::Read, get(document)),
    );
    for operation in operations {
        let handler = match operation.needs {
            Some(needs) => guarded(operation.name(), needs, operation.handler),
            None => operation.handler,
        };
        routes = routes.route(operation.path, handler);
    }
    bounded(routes.fallback(not_found)).with_state(app)
}

/// What the routes of every server are surrounded by.
pub(super) fn bounded<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn(log))
}

async fn not_found() -> ErrorResponse {
    ErrorResponse::not_found("there is nothing here").hint("GET /openapi.json lists what there is")
}

/// A browser that opens the address of one of the page's forms, such as after signing in, is led to the screen above.
async fn not_allowed(method: Method, uri: Uri) -> Response {
    if let Some(above) = page::screen_above(uri.path()).filter(|_| method == Method::GET) {
        return page::see(&above);
    }
    let refused = ErrorResponse::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this cannot be done here",
    );
    refused
        .hint("the header Allow lists what can")
        .into_response()
}
