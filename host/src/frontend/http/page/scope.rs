//! What stands before a screen or an action: the scope of the operation of the API that it is.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::MethodRouter;

use super::failure::PageFailure;
use crate::config::TokenScope;
use crate::frontend::http::auth::{Guard, out_of_scope, require_scope};
use crate::frontend::http::state::ApiState;

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
        refused: |caller, needs| PageFailure::from(out_of_scope(caller, needs)).into_response(),
    };
    handler.route_layer(from_fn_with_state(Arc::new(guard), require_scope))
}
