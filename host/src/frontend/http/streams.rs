//! The places for streams of events, which end when the client does: one that holds many takes none from others, and none
//! from requests. When places run out, the oldest is closed, of the client that has most of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::throttle::network;

/// Streams at the same time.
const MAX_STREAMS: usize = 128;
/// The same of one token or person: as many screens as people look at.
const MAX_OF_CALLER: usize = 32;

/// All streams of those who have come in.
#[derive(Default)]
pub(super) struct EventStreams(Mutex<OpenStreams>);

#[derive(Default)]
struct OpenStreams {
    by_id: HashMap<u64, OpenStream>,
    /// Of the last one: they tell the order.
    last_id: u64,
}

struct OpenStream {
    caller: String,
    network: IpAddr,
    /// Dropped, it ends the stream.
    _close: oneshot::Sender<()>,
}

/// A stream's place, until it is dropped.
struct StreamPlace {
    id: u64,
    streams: Arc<EventStreams>,
}

impl EventStreams {
    /// An answer to this caller, which has a place if it is a stream of events.
    pub(super) fn bounded(
        self: &Arc<Self>,
        caller: &str,
        address: IpAddr,
        answer: Response,
    ) -> Response {
        let kind = answer.headers().get(CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            return answer;
        }
        let (place, closed) = self.admit(caller, address);
        answer.map(|body| {
            let events = body.into_data_stream().take_until(closed);
            Body::from_stream(events.inspect(move |_| {
                let _until_the_end = &place;
            }))
        })
    }

    fn admit(
        self: &Arc<Self>,
        caller: &str,
        address: IpAddr,
    ) -> (StreamPlace, oneshot::Receiver<()>) {
        let (close, closed) = oneshot::channel();
        let mut open = self.0.lock();
        open.make_room(caller);
        open.last_id += 1;
        let id = open.last_id;
        let stream = OpenStream {
            caller: caller.to_owned(),
            network: network(address),
            _close: close,
        };
        open.by_id.insert(id, stream);
        let streams = self.clone();
        (StreamPlace { id, streams }, closed)
    }
}

impl OpenStreams {
    /// For one more of this caller.
    fn make_room(&mut self, caller: &str) {
        let own = self.by_id.values().filter(|one| one.caller == caller);
        let loses = match own.count() {
            own if own >= MAX_OF_CALLER => Some(caller.to_owned()),
            _ if self.by_id.len() < MAX_STREAMS => None,
            _ => most(self.by_id.values().map(|one| one.caller.clone())),
        };
        let Some(loses) = loses else {
            return;
        };
        let of_loser = || self.by_id.iter().filter(|(_, one)| one.caller == loses);
        // One token may be used at several places.
        let at = most(of_loser().map(|(_, one)| one.network));
        let oldest = of_loser().filter(|(_, one)| Some(one.network) == at);
        if let Some(id) = oldest.map(|(id, _)| *id).min() {
            self.by_id.remove(&id);
        }
    }
}

/// What occurs most often.
fn most<T: Eq + Hash>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts = HashMap::new();
    for one in all {
        *counts.entry(one).or_insert(0) += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(one, _)| one)
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.streams.0.lock().by_id.remove(&self.id);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    type Place = (StreamPlace, oneshot::Receiver<()>);

    fn admit(streams: &Arc<EventStreams>, caller: &str, last: u8) -> Place {
        streams.admit(caller, [10, 0, 0, last].into())
    }

    fn is_open((place, _): &Place) -> bool {
        place.streams.0.lock().by_id.contains_key(&place.id)
    }

    #[test]
    fn a_caller_with_too_many_loses_its_oldest_where_it_has_most() {
        let streams = Arc::new(EventStreams::default());
        let other = admit(&streams, "admin", 1);
        let elsewhere = admit(&streams, "fleet", 2);
        let mut many: Vec<_> = (0..MAX_OF_CALLER)
            .map(|_| admit(&streams, "fleet", 1))
            .collect();
        assert!(is_open(&other) && is_open(&elsewhere));
        assert!(!is_open(&many[0]) && is_open(&many[1]));
        let (_, closed) = &mut many[0];
        assert_eq!(closed.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    }

    #[test]
    fn many_callers_take_no_more_than_all_places() {
        let streams = Arc::new(EventStreams::default());
        let few = admit(&streams, "few", 1);
        let many: Vec<_> = (0..2 * MAX_STREAMS)
            .map(|number| admit(&streams, &format!("oidc:{}", number / 30), 1))
            .collect();
        assert!(is_open(&few) && is_open(many.last().unwrap()));
        assert_eq!(streams.0.lock().by_id.len(), MAX_STREAMS);
        drop(many);
        assert_eq!(streams.0.lock().by_id.len(), 1);
    }
}
