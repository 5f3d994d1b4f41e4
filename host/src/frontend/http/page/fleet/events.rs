//! `ui/events`: says each second that the server is there, and when a sidecar stands otherwise.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;

use super::super::beats::{PageBeat, answer, every_second};
use super::super::visit::PageVisit;
use crate::clock;
use crate::fleet::Fleet;

/// Sends beats until the server stops.
pub(super) async fn events(
    State(fleet): State<Arc<Fleet>>,
    Extension(visit): Extension<PageVisit>,
) -> Response {
    let locale = visit.locale;
    let watched = (fleet, every_second());
    answer(stream::unfold(
        watched,
        move |(fleet, mut interval)| async move {
            interval.tick().await;
            let beat = PageBeat {
                version: fleet.version().to_string(),
                as_of: locale.moment_text(clock::now()),
                runs: Vec::new(),
            };
            (!fleet.is_closed()).then_some((beat, (fleet, interval)))
        },
    ))
}
