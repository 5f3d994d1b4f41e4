//! What stands before a screen or an action: the scope of the operation of the API that it is.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;

use super::failure::PageFailure;
use crate::config::TokenScope;
use crate::frontend::http::audit::AuditedRequest;
use crate::frontend::http::auth::{Caller, Guard, out_of_scope};
use crate::frontend::http::state::{ApiState, Peer};

/// A handler that does what `operation` does ("POST /backup/run"), for sessions of that scope.
pub(super) fn guarded(
    app: &Arc<ApiState>,
    operation: &str,
    needs: TokenScope,
    handler: MethodRouter<Arc<ApiState>>,
) -> MethodRouter<Arc<ApiState>> {
    let guard = Guard {
        app: app.clone(),
        operation: operation.to_owned(),
        needs,
    };
    handler.route_layer(from_fn_with_state(Arc::new(guard), require_scope))
}

/// Lets sessions pass that may do it, and writes down what was asked.
async fn require_scope(
    State(guard): State<Arc<Guard>>,
    Extension(Peer(address)): Extension<Peer>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let asked = AuditedRequest::of(&guard.operation, &caller, address, &request);
    let response = match caller.scope >= guard.needs {
        true => next.run(request).await,
        false => PageFailure::from(out_of_scope(&caller, guard.needs)).into_response(),
    };
    asked.answered(&guard.app, response).await
}
