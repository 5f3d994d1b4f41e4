//! The places for connections. One that waits for a request takes none from others: when places run
//! out, the one that has waited longest is closed, at first of the same client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::throttle::network;

/// Connections at the same time. With more that all have a request, clients have to wait.
const MAX_CONNECTIONS: usize = 512;
/// Connections of one client that wait for a request.
const MAX_WAITING: usize = 64;

/// All connections of a server.
#[derive(Default)]
pub(super) struct Connections {
    open: Mutex<OpenConnections>,
    /// A place has become free.
    freed: Notify,
}

#[derive(Default)]
struct OpenConnections {
    by_id: HashMap<u64, OpenConnection>,
    /// Counts admissions and ended responses: the order in which connections began to wait.
    moments: u64,
}

struct OpenConnection {
    client: IpAddr,
    /// Since which moment it has had no request.
    waiting_since: Option<u64>,
    close: Arc<Notify>,
}

/// A connection's place, until it is dropped.
pub(super) struct ConnectionPlace {
    id: u64,
    connections: Arc<Connections>,
    close: Arc<Notify>,
}

/// A request that is being answered, until it is dropped.
pub(super) struct BusyConnection(Arc<ConnectionPlace>);

impl Connections {
    /// Gives a new connection its place, once there is one.
    pub(super) async fn admit(self: &Arc<Self>, address: IpAddr) -> ConnectionPlace {
        loop {
            let freed = self.freed.notified();
            if let Some(place) = self.try_admit(address) {
                return place;
            }
            freed.await;
        }
    }

    fn try_admit(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionPlace> {
        let client = network(address);
        let mut open = self.open.lock();
        let waiting = open.waiting(|other| other.client == client).count();
        if waiting >= MAX_WAITING {
            open.close_oldest(|other| other.client == client);
        }
        if open.by_id.len() >= MAX_CONNECTIONS && !open.close_oldest(|_| true) {
            return None;
        }
        let id = open.next_moment();
        let close = Arc::new(Notify::new());
        let connection = OpenConnection {
            client,
            waiting_since: Some(id),
            close: close.clone(),
        };
        open.by_id.insert(id, connection);
        Some(ConnectionPlace {
            id,
            connections: self.clone(),
            close,
        })
    }
}

impl OpenConnections {
    fn next_moment(&mut self) -> u64 {
        self.moments += 1;
        self.moments
    }

    /// Since when those that wait do so, and their ids.
    fn waiting(&self, of: impl Fn(&OpenConnection) -> bool) -> impl Iterator<Item = (u64, u64)> {
        self.by_id
            .iter()
            .filter(move |(_, connection)| of(connection))
            .filter_map(|(id, connection)| Some((connection.waiting_since?, *id)))
    }

    /// Whether there was one to close.
    fn close_oldest(&mut self, of: impl Fn(&OpenConnection) -> bool) -> bool {
        let oldest = self.waiting(of).min();
        let closed = oldest.and_then(|(_, id)| self.by_id.remove(&id));
        if let Some(closed) = &closed {
            closed.close.notify_one();
        }
        closed.is_some()
    }
}

impl ConnectionPlace {
    /// Ends when the place is needed for another connection.
    pub(super) async fn needed(&self) {
        self.close.notified().await;
    }

    /// A request has come.
    pub(super) fn busy(self: &Arc<Self>) -> BusyConnection {
        self.set_waiting(false);
        BusyConnection(self.clone())
    }

    fn set_waiting(&self, waits: bool) {
        let mut open = self.connections.open.lock();
        let now = open.next_moment();
        if let Some(connection) = open.by_id.get_mut(&self.id) {
            connection.waiting_since = waits.then_some(now);
        }
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.connections.open.lock().by_id.remove(&self.id);
        self.connections.freed.notify_one();
    }
}

impl Drop for BusyConnection {
    fn drop(&mut self) {
        self.0.set_waiting(true);
        self.0.connections.freed.notify_one();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn admit(connections: &Arc<Connections>, last: u8) -> Option<Arc<ConnectionPlace>> {
        connections.try_admit([10, 0, 0, last].into()).map(Arc::new)
    }

    fn is_open(place: &ConnectionPlace) -> bool {
        let open = place.connections.open.lock();
        open.by_id.contains_key(&place.id)
    }

    #[test]
    fn a_client_that_only_waits_loses_its_own_oldest_connection() {
        let connections = Arc::new(Connections::default());
        let other = admit(&connections, 2).unwrap();
        let waiting: Vec<_> = (0..=MAX_WAITING)
            .map(|_| admit(&connections, 1).unwrap())
            .collect();
        assert!(is_open(&other));
        assert!(!is_open(&waiting[0]) && is_open(&waiting[1]));
        assert!(is_open(waiting.last().unwrap()));
    }

    #[test]
    fn one_that_has_a_request_is_not_closed_and_one_that_had_one_waited_less() {
        let connections = Arc::new(Connections::default());
        let waiting: Vec<_> = (0..MAX_WAITING)
            .map(|_| admit(&connections, 1).unwrap())
            .collect();
        let busy = waiting[0].busy();
        drop(waiting[1].busy());
        let _more: Vec<_> = (0..2).map(|_| admit(&connections, 1).unwrap()).collect();
        assert!(is_open(&waiting[0]) && is_open(&waiting[1]) && !is_open(&waiting[2]));
        drop(busy);
        assert!(is_open(&waiting[0]));
    }

    #[tokio::test]
    async fn many_clients_take_all_places_only_with_requests() {
        let connections = Arc::new(Connections::default());
        let clients = MAX_CONNECTIONS / MAX_WAITING + 1;
        let mut places = Vec::new();
        for client in 0..clients {
            let of_client = (0..MAX_WAITING).map(|_| admit(&connections, client as u8));
            places.extend(of_client.map(Option::unwrap));
        }
        assert_eq!(connections.open.lock().by_id.len(), MAX_CONNECTIONS);
        places.retain(|place| is_open(place));
        let mut busy: Vec<_> = places.iter().map(ConnectionPlace::busy).collect();
        assert!(admit(&connections, 100).is_none());
        let next = connections.admit([10, 0, 0, 100].into());
        drop(busy.pop());
        next.await;
    }
}
