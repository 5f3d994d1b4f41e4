//! The places for connections. One that waits for a request takes none from others: when places run
//! out, the one that has waited longest is closed, of the client that has most of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::throttle::network;

/// Connections at the same time.
const MAX_CONNECTIONS: usize = 512;
/// Those among them that may have a request; the others are for whether the sidecar is well.
const MAX_BUSY: usize = 480;
/// The same of one client: what it holds is not all that others could have.
const MAX_BUSY_OF_CLIENT: usize = 384;
/// Connections of one client that wait for a request. With more, those that have waited for a while are closed.
const MAX_WAITING: usize = 64;
/// How long a new connection may have no request yet before it counts as one that waits.
const REQUEST_GRACE: Duration = Duration::from_secs(2);

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
    /// Of the last one: they tell the order of those that came in one moment.
    last_id: u64,
}

struct OpenConnection {
    client: IpAddr,
    /// Since when it has had no request.
    waiting_since: Option<Instant>,
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
            if let Some(place) = self.try_admit(address, Instant::now()) {
                return place;
            }
            freed.await;
        }
    }

    fn try_admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<ConnectionPlace> {
        let client = network(address);
        let mut open = self.open.lock();
        if open.waiting(client).count() >= MAX_WAITING {
            open.close_oldest(client, |since| now.duration_since(since) >= REQUEST_GRACE);
        }
        if open.by_id.len() >= MAX_CONNECTIONS {
            let most = open.waits_most()?;
            open.close_oldest(most, |_| true);
        }
        open.last_id += 1;
        let id = open.last_id;
        let close = Arc::new(Notify::new());
        let connection = OpenConnection {
            client,
            waiting_since: Some(now),
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
    /// Since when those of a client that wait do so, and their ids.
    fn waiting(&self, client: IpAddr) -> impl Iterator<Item = (Instant, u64)> {
        let all = self.by_id.iter();
        let of_client = all.filter(move |(_, connection)| connection.client == client);
        of_client.filter_map(|(id, connection)| Some((connection.waiting_since?, *id)))
    }

    /// Whether this client may have no more requests at the same time.
    fn is_full(&self, client: IpAddr) -> bool {
        let all = self.by_id.values();
        let busy = all.filter(|one| one.waiting_since.is_none());
        let (mut of_all, mut of_client) = (0, 0);
        for one in busy {
            of_all += 1;
            of_client += usize::from(one.client == client);
        }
        of_all >= MAX_BUSY || of_client >= MAX_BUSY_OF_CLIENT
    }

    /// The client with the most connections that wait; none if none waits.
    fn waits_most(&self) -> Option<IpAddr> {
        let mut waiting = HashMap::new();
        for connection in self
            .by_id
            .values()
            .filter(|one| one.waiting_since.is_some())
        {
            *waiting.entry(connection.client).or_insert(0) += 1;
        }
        let most = waiting.into_iter().max_by_key(|(_, number)| *number);
        most.map(|(client, _)| client)
    }

    /// Closes the one of a client that has waited longest, if it has waited long enough.
    fn close_oldest(&mut self, client: IpAddr, long_enough: impl Fn(Instant) -> bool) {
        let oldest = self.waiting(client).min();
        let oldest = oldest.filter(|(since, _)| long_enough(*since));
        if let Some(closed) = oldest.and_then(|(_, id)| self.by_id.remove(&id)) {
            closed.close.notify_one();
        }
    }
}

impl ConnectionPlace {
    /// Ends when the place is needed for another connection.
    pub(super) async fn needed(&self) {
        self.close.notified().await;
    }

    /// A request has come. None: others have so many that it has to be refused; one for the health never is.
    pub(super) fn busy(self: &Arc<Self>, is_health: bool) -> Option<BusyConnection> {
        let mut open = self.connections.open.lock();
        if !is_health && open.is_full(open.by_id.get(&self.id)?.client) {
            return None;
        }
        open.by_id.get_mut(&self.id)?.waiting_since = None;
        Some(BusyConnection(self.clone()))
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
        let Self(place) = self;
        let mut open = place.connections.open.lock();
        if let Some(connection) = open.by_id.get_mut(&place.id) {
            connection.waiting_since = Some(Instant::now());
        }
        drop(open);
        place.connections.freed.notify_one();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// A client that comes so many seconds after the first.
    fn admit(connections: &Arc<Connections>, last: u8, at: u64) -> Option<Arc<ConnectionPlace>> {
        static START: OnceLock<Instant> = OnceLock::new();
        let now = *START.get_or_init(Instant::now) + Duration::from_secs(at);
        let place = connections.try_admit([10, 0, 0, last].into(), now);
        place.map(Arc::new)
    }

    fn is_open(place: &ConnectionPlace) -> bool {
        let open = place.connections.open.lock();
        open.by_id.contains_key(&place.id)
    }

    #[test]
    fn a_client_that_only_waits_loses_its_own_oldest_connection() {
        let connections = Arc::new(Connections::default());
        let other = admit(&connections, 2, 0).unwrap();
        let mut waiting: Vec<_> = (0..=MAX_WAITING)
            .map(|_| admit(&connections, 1, 0).unwrap())
            .collect();
        assert!(
            waiting.iter().all(|place| is_open(place)),
            "they all may have a request"
        );
        waiting.push(admit(&connections, 1, 2).unwrap());
        assert!(is_open(&other));
        assert!(!is_open(&waiting[0]) && is_open(&waiting[1]));
        assert!(is_open(waiting.last().unwrap()));
    }

    #[test]
    fn one_that_has_a_request_is_not_closed_and_one_that_had_one_waited_less() {
        let connections = Arc::new(Connections::default());
        let waiting: Vec<_> = (0..=MAX_WAITING)
            .map(|_| admit(&connections, 1, 0).unwrap())
            .collect();
        let busy = waiting[0].busy(false);
        drop(waiting[1].busy(false));
        let _more = admit(&connections, 1, 2);
        assert!(is_open(&waiting[0]) && is_open(&waiting[1]) && !is_open(&waiting[2]));
        drop(busy);
        assert!(is_open(&waiting[0]));
    }

    #[test]
    fn when_places_run_out_the_client_loses_one_that_has_most() {
        let connections = Arc::new(Connections::default());
        let other = admit(&connections, 2, 0).unwrap();
        let many: Vec<_> = (1..MAX_CONNECTIONS)
            .map(|_| admit(&connections, 1, 1).unwrap())
            .collect();
        let third = admit(&connections, 3, 1).unwrap();
        assert!(is_open(&other) && is_open(&third) && !is_open(&many[0]));
        assert_eq!(connections.open.lock().by_id.len(), MAX_CONNECTIONS);
    }

    #[test]
    fn requests_of_one_client_leave_places_for_others_and_those_of_all_for_the_health() {
        let connections = Arc::new(Connections::default());
        let of = |last: u8, count: usize| -> Vec<_> {
            let places = (0..count).map(|_| admit(&connections, last, 0).unwrap());
            let busy = places.map(|place| place.busy(false)).collect::<Vec<_>>();
            busy.into_iter().flatten().collect()
        };
        let one = of(1, MAX_BUSY);
        assert_eq!(one.len(), MAX_BUSY_OF_CLIENT);
        let other = of(2, MAX_BUSY);
        assert_eq!(one.len() + other.len(), MAX_BUSY);
        let third = admit(&connections, 3, 0).unwrap();
        assert!(third.busy(false).is_none());
        assert!(third.busy(true).is_some());
        drop(one);
        assert!(third.busy(false).is_some());
    }

    #[tokio::test]
    async fn many_clients_take_all_places_only_with_requests() {
        let connections = Arc::new(Connections::default());
        let places = (0..MAX_CONNECTIONS).map(|number| admit(&connections, number as u8, 0));
        let places: Vec<_> = places.map(Option::unwrap).collect();
        let mut busy: Vec<_> = places.iter().map(|place| place.busy(true)).collect();
        assert!(admit(&connections, 100, 0).is_none());
        let next = connections.admit([10, 0, 0, 100].into());
        drop(busy.pop());
        next.await;
    }
}
