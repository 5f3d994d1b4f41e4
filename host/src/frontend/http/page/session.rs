//! Browsers that have signed in. A session lives in memory alone: it ends with the process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use parking_lot::Mutex;

use crate::frontend::http::auth::Caller;
use crate::frontend::http::cookie::{Cookie, CookieScope, SameSite};
use crate::frontend::http::secret_id::{self, digest};

/// A session ends when no request has come for this long.
const IDLE_LIMIT: Duration = Duration::from_secs(12 * 3600);
/// A session ends after this time whatever comes.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// Sessions at a time; with more, the caller with most of them loses the one that was idle longest.
const MAX_SESSIONS: usize = 500;
/// The same of one token or person: to sign in ends no session of another one.
const MAX_OF_CALLER: usize = 20;

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
    pub(in crate::frontend::http) fn new(scope: &CookieScope) -> Self {
        Self {
            cookie: Cookie::new("sidecar", SameSite::Strict, scope),
            open: Mutex::default(),
        }
    }

    /// Begins a session of who has signed in, in place of the one of the request; the value of `Set-Cookie`.
    pub(super) fn begin(&self, caller: Caller, headers: &HeaderMap, now: Instant) -> String {
        let id = secret_id::new();
        let mut open = self.open.lock();
        if let Some(old) = self.digest_of(headers) {
            open.remove(&old);
        }
        open.retain(|_, session| session.is_open(now));
        make_room(&mut open, &caller.name);
        let session = Session {
            caller,
            since: now,
            used: now,
        };
        open.insert(digest(&id), session);
        self.cookie.set(&id, IDLE_LIMIT.as_secs(), headers)
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
        if let Some(session) = self.digest_of(headers) {
            self.end_of(&session);
        }
        self.cookie.set("", 0, headers)
    }

    /// What a session of a request would be known by.
    pub(super) fn digest_of(&self, headers: &HeaderMap) -> Option<[u8; 32]> {
        self.cookie.value(headers).map(digest)
    }

    /// Ends that session.
    pub(super) fn end_of(&self, session: &[u8; 32]) {
        self.open.lock().remove(session);
    }
}

/// For one more of this caller.
fn make_room(open: &mut HashMap<[u8; 32], Session>, caller: &str) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for session in open.values() {
        *counts.entry(&session.caller.name).or_default() += 1;
    }
    let loses = match counts.get(caller).copied().unwrap_or_default() {
        own if own >= MAX_OF_CALLER => Some(caller),
        _ if open.len() < MAX_SESSIONS => None,
        _ => counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(name, _)| name),
    };
    let of_loser = open
        .iter()
        .filter(|(_, session)| Some(session.caller.name.as_str()) == loses);
    let idle = of_loser.min_by_key(|(_, session)| session.used);
    if let Some(digest) = idle.map(|(digest, _)| *digest) {
        open.remove(&digest);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;
    use crate::config::TokenScope;

    fn begun(sessions: &Sessions, now: Instant) -> String {
        begun_by(sessions, "night", &HeaderMap::new(), now)
    }

    fn begun_by(sessions: &Sessions, name: &str, headers: &HeaderMap, now: Instant) -> String {
        let caller = Caller {
            name: name.to_owned(),
            scope: TokenScope::Run,
        };
        sessions.begin(caller, headers, now)
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
        let (sessions, start) = (Sessions::new(&CookieScope::default()), Instant::now());
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
    fn many_of_one_caller_end_its_own_alone() {
        let (sessions, start) = (Sessions::new(&CookieScope::default()), Instant::now());
        let other = sent(&begun_by(&sessions, "api_token", &HeaderMap::new(), start));
        let first = sent(&begun(&sessions, start));
        for second in 1..=300 {
            begun(&sessions, start + Duration::from_secs(second));
        }
        assert!(sessions.caller(&other, start).is_some());
        assert_eq!(sessions.caller(&first, start), None);
        assert_eq!(sessions.open.lock().len(), MAX_OF_CALLER + 1);
    }

    #[test]
    fn signing_in_again_ends_the_session_of_this_browser_alone() {
        let (sessions, start) = (Sessions::new(&CookieScope::default()), Instant::now());
        let (other, first) = (begun(&sessions, start), begun(&sessions, start));
        let second = begun_by(&sessions, "night", &sent(&first), start);
        assert_eq!(sessions.caller(&sent(&first), start), None);
        for open in [other, second] {
            assert!(sessions.caller(&sent(&open), start).is_some());
        }
    }

    #[test]
    fn their_number_is_bounded() {
        let (sessions, start) = (Sessions::new(&CookieScope::default()), Instant::now());
        let few = sent(&begun_by(&sessions, "few", &HeaderMap::new(), start));
        for person in 0..MAX_SESSIONS {
            for again in 0..2 {
                let now = start + Duration::from_secs(1 + again);
                begun_by(
                    &sessions,
                    &format!("oidc:{}", person / 2),
                    &HeaderMap::new(),
                    now,
                );
            }
        }
        assert!(sessions.caller(&few, start).is_some());
        assert_eq!(sessions.open.lock().len(), MAX_SESSIONS);
    }
}
