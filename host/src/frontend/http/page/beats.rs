//! The stream of a page: a beat each second says that the server is there, and when to look again.

use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::run_progress::RunProgress;

/// Time between two beats.
const INTERVAL: Duration = Duration::from_secs(1);

/// What a page is told each second.
#[derive(Serialize)]
pub(super) struct PageBeat {
    /// Another one when a screen may show something else than before.
    pub(super) version: String,
    pub(super) as_of: String,
    pub(super) runs: Vec<RunProgress>,
}

/// When beats are due.
pub(super) fn every_second() -> Interval {
    let mut interval = interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Sends each as an event `beat`, as long as the page is open and in sight.
pub(super) fn answer(beats: impl Stream<Item = PageBeat> + Send + 'static) -> Response {
    let events = beats.map(|beat| Event::default().event("beat").json_data(&beat));
    let mut response = Sse::new(events).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
