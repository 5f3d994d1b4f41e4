//! Browsers that have signed in. A session lives in memory alone: it ends with the process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::frontend::http::auth::Caller;

/// A session ends when no request has come for this long.
const IDLE_LIMIT: Duration = Duration::from_secs(12 * 3600);
/// A session ends after this time whatever comes.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// Sessions at a time; with more, the one that was idle longest ends.
const MAX_SESSIONS: usize = 200;

/// The sessions by the digest of their id: what is in memory opens none.
pub(in crate::frontend::http) struct Sessions {
    cookie: String,
    secure: bool,
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
    /// With `secure`, cookies that only TLS carries. Cookies know no ports: a name of its own keeps several
    /// sidecars on one host from signing each other out.
    pub(in crate::frontend::http) fn new(secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        let instance = Uuid::new_v4().simple().to_string();
        Self {
            cookie: format!("{prefix}sidecar-{}", &instance[..8]),
            secure,
            open: Mutex::default(),
        }
    }

    /// Begins a session of who has shown a token; the value of `Set-Cookie`.
    pub(super) fn begin(&self, caller: Caller, now: Instant) -> String {
        let id = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
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
        self.set_cookie(&id, IDLE_LIMIT.as_secs())
    }

    /// Whose session a request belongs to, which it keeps from ending.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Instant) -> Option<Caller> {
        let id = cookie(headers, &self.cookie)?;
        let mut open = self.open.lock();
        let session = open.get_mut(&digest(id));
        let session = session.filter(|session| session.is_open(now))?;
        session.used = now;
        Some(session.caller.clone())
    }

    /// Ends the session of a request; the value of `Set-Cookie`.
    pub(super) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(id) = cookie(headers, &self.cookie) {
            self.open.lock().remove(&digest(id));
        }
        self.set_cookie("", 0)
    }

    fn set_cookie(&self, value: &str, seconds: u64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = &self.cookie;
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

fn digest(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
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
