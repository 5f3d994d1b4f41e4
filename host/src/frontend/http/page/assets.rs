//! The files of the page that never change while the program runs.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};

use super::frame::file;
use super::marks::Tone;
use crate::frontend::http::error_response::ErrorResponse;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
/// Asked again each time, so that a new version of the program is seen at once.
const CACHE: &str = "no-cache";

/// Answers with a style sheet, a script or an icon. They tell nothing of this sidecar, and need no session.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let (kind, content) = match name.as_str() {
        "page.css" => (STYLE, include_str!("assets/page.css")),
        "parts.css" => (STYLE, include_str!("assets/parts.css")),
        "page.js" => (SCRIPT, include_str!("assets/page.js")),
        "live.js" => (SCRIPT, include_str!("assets/live.js")),
        "log.js" => (SCRIPT, include_str!("assets/log.js")),
        "time.js" => (SCRIPT, include_str!("assets/time.js")),
        "controls.js" => (SCRIPT, include_str!("assets/controls.js")),
        icon => {
            let icon = icon.strip_suffix(".svg").and_then(Tone::icon);
            return match icon {
                Some(icon) => file("image/svg+xml", CACHE, icon.into()),
                None => ErrorResponse::not_found("there is no such file").into_response(),
            };
        }
    };
    file(kind, CACHE, content.into())
}
