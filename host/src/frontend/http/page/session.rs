//! Browsers that have signed in. A session lives in memory alone: it ends with the process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use parking_lot::Mutex;

use crate::frontend::http::auth::Caller;
use crate::frontend::http::cookie::{Cookie, SameSite};
use crate::frontend::http::secret_id::{self, digest};

/// A session ends when no request has come for this long.
const IDLE_LIMIT: Duration = Duration::from_secs(12 * 3600);
/// A session ends after this time whatever comes.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// Sessions at a time; with more, the one that was idle longest ends.
const MAX_SESSIONS: usize = 200;

/// The sessions by the digest of their id: what is in memory opens none.
pub(in crate::frontend::http) struct Sessions {
    cookie: Cookie,
    open: Mutex<HashMap<[u8; 32], Session>>,
}

#[derive(Debug)]
struct Session {
    caller: Caller,
    since: Instant,
    used: Instant,
}

impl Session {
    fn is_open(&self, now: Instant) -> bool {
        now.duration_since(self.used) < IDLE_LIMIT && now.duration_since(self.since) < LIFETIME
    }
}

impl Sessions {
    /// With `secure`, cookies that only TLS carries.
    pub(in crate::frontend::http) fn new(secure: bool) -> Self {
        Self {
            cookie: Cookie::new("sidecar", SameSite::Strict, secure),
            open: Mutex::default(),
        }
    }

    /// Begins a session of who has signed in; the value of `Set-Cookie`.
    pub(super) fn begin(&self, caller: Caller, now: Instant) -> String {
        let id = secret_id::new();
        let mut open = self.open.lock();
        open.retain(|_, session| session.is_open(now));
        if open.len() >= MAX_SESSIONS {
            let idle = open.iter().min_by_key(|(_, session)| session.used);
            let idle = idle.map(|(digest, _)| *digest);
            idle.and_then(|digest| open.remove(&digest));
        }
        let session = Session {
            caller,
            since: now,
            used: now,
        };
        open.insert(digest(&id), session);
        self.cookie.set(&id, IDLE_LIMIT.as_secs())
    }

    /// Whose session a request belongs to, which it keeps from ending.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Instant) -> Option<Caller> {
        let id = self.cookie.value(headers)?;
        let mut open = self.open.lock();
        let session = open.get_mut(&digest(id));
        let session = session.filter(|session| session.is_open(now))?;
        session.used = now;
        Some(session.caller.clone())
    }

    /// Ends the session of a request; the value of `Set-Cookie`.
    pub(super) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(id) = self.cookie.value(headers) {
            self.open.lock().remove(&digest(id));
        }
        self.cookie.set("", 0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;
    use crate::config::TokenScope;

    fn begun(sessions: &Sessions, now: Instant) -> String {
        let caller = Caller {
            name: "night".to_owned(),
            scope: TokenScope::Run,
        };
        sessions.begin(caller, now)
    }

    /// What a browser sends back.
    fn sent(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("lang=es; {pair}").parse().unwrap());
        headers
    }

    #[test]
    fn a_session_ends_when_it_is_idle_old_or_signed_out() {
        let (sessions, start) = (Sessions::new(false), Instant::now());
        let cookie = begun(&sessions, start);
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        let headers = sent(&cookie);
        assert!(sessions.caller(&headers, start).is_some());
        assert_eq!(sessions.caller(&headers, start + IDLE_LIMIT), None);
        let mut now = start;
        while now < start + LIFETIME {
            assert!(sessions.caller(&headers, now).is_some());
            now += IDLE_LIMIT / 2;
        }
        assert_eq!(sessions.caller(&headers, now), None);

        let headers = sent(&begun(&sessions, now));
        assert!(sessions.end(&headers).contains("Max-Age=0"));
        assert_eq!(sessions.caller(&headers, now), None);
        assert_eq!(sessions.caller(&HeaderMap::new(), now), None);
    }

    #[test]
    fn their_number_is_bounded() {
        let (sessions, start) = (Sessions::new(true), Instant::now());
        let first = sent(&begun(&sessions, start));
        for second in 1..=MAX_SESSIONS as u64 {
            begun(&sessions, start + Duration::from_secs(second));
        }
        assert_eq!(sessions.caller(&first, start), None);
        assert_eq!(sessions.open.lock().len(), MAX_SESSIONS);
        let cookie = begun(&sessions, start);
        assert!(cookie.starts_with("__Host-sidecar-") && cookie.ends_with("; Secure"));
    }
}
