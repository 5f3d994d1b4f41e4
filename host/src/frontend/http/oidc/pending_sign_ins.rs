//! Sign-ins that have left for the provider and have not come back. Each comes back once, to the browser that left: that
//! browser keeps it, sealed, so that however many others leave, none is forgotten for them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::error::{Error, Kind, Result};
use crate::frontend::http::cookie::{Cookie, CookieScope, SameSite};
use crate::frontend::http::seal::Seal;
use crate::frontend::http::secret_id::{self, digest};

/// How long a person may take at the provider.
const LIFETIME: Duration = Duration::from_secs(600);
/// States that have come back; with more, all are forgotten. The provider, too, gives nothing for a code that was used.
const MAX_USED: usize = 10_000;

/// What has to be remembered until the browser comes back.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingSignIn {
    /// What the ID token has to hold.
    pub(super) nonce: String,
    /// What the code is exchanged with (RFC 7636).
    pub(super) code_verifier: String,
    /// Where the provider sends the browser, and what the exchange has to repeat.
    pub(super) redirect_url: String,
    /// Where the browser goes then, below `/`.
    pub(super) next: String,
    /// The digest of the session that the new one takes the place of: its cookie does not come with a redirect of
    /// another site.
    pub(super) replaces: Option<[u8; 32]>,
}

impl PendingSignIn {
    pub(super) fn new(redirect_url: String, next: &str, replaces: Option<[u8; 32]>) -> Self {
        Self {
            nonce: secret_id::new(),
            code_verifier: secret_id::new(),
            redirect_url,
            next: next.to_owned(),
            replaces,
        }
    }
}

/// What a browser keeps meanwhile.
#[derive(Serialize, Deserialize)]
struct SealedSignIn {
    state: String,
    /// Since the process began to take sign-ins.
    began: Duration,
    sign_in: PendingSignIn,
}

/// Gives sign-ins to browsers, and takes them back.
pub(super) struct PendingSignIns {
    cookie: Cookie,
    seal: Seal,
    since: Instant,
    /// By the digests of their states: when their sign-ins began.
    used: Mutex<HashMap<[u8; 32], Duration>>,
}

impl PendingSignIns {
    pub(super) fn new(scope: &CookieScope) -> Self {
        Self {
            // A redirect of the provider brings the browser back: no strict cookie would come with it.
            cookie: Cookie::new("sidecar-sign-in", SameSite::Lax, scope),
            seal: Seal::new(),
            since: Instant::now(),
            used: Mutex::default(),
        }
    }

    /// Gives one to the browser with these headers; its `state`, and the value of `Set-Cookie`.
    pub(super) fn begin(
        &self,
        sign_in: PendingSignIn,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<(String, String)> {
        let pending = SealedSignIn {
            state: secret_id::new(),
            began: now.duration_since(self.since),
            sign_in,
        };
        let sealed = serde_json::to_vec(&pending).ok();
        let sealed = sealed.and_then(|text| self.seal.close(&text));
        let sealed = sealed.ok_or_else(|| Error::run("internal", "internal error"))?;
        let cookie = self.cookie.set(&sealed, LIFETIME.as_secs(), headers);
        Ok((pending.state, cookie))
    }

    /// The sign-in of a `state` that has come back, which cannot come again. `headers` are the browser's.
    pub(super) fn take(
        &self,
        state: &str,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<PendingSignIn> {
        let pending = self.cookie.value(headers);
        let pending = pending.and_then(|sealed| self.seal.open(sealed));
        let pending = pending.and_then(|text| serde_json::from_slice::<SealedSignIn>(&text).ok());
        let now = now.duration_since(self.since);
        let is_young = |began: Duration| now.saturating_sub(began) < LIFETIME;
        let pending = pending
            .filter(|pending| is_young(pending.began))
            .ok_or_else(unknown)?;
        if !bool::from(digest(state).ct_eq(&digest(&pending.state))) {
            let message = "this sign-in was begun in another browser, or in another tab since";
            return Err(Error::new(Kind::Forbidden, "oidc-other-browser", message)
                .hint("sign in again, here and in one tab; if you did not begin it, another person did"));
        }
        let mut used = self.used.lock();
        used.retain(|_, began| is_young(*began));
        if used.len() >= MAX_USED {
            used.clear();
        }
        match used.insert(digest(state), pending.began) {
            None => Ok(pending.sign_in),
            Some(_) => Err(unknown()),
        }
    }

    /// The value of `Set-Cookie` with which the browser forgets.
    pub(super) fn forget(&self, headers: &HeaderMap) -> String {
        self.cookie.set("", 0, headers)
    }
}

fn unknown() -> Error {
    let message = "no sign-in is on its way in this browser: it is over, took more than 10 minutes, or was begun in \
                   another browser or before the sidecar read its configuration again";
    Error::new(Kind::Forbidden, "oidc-unknown-state", message)
        .hint("sign in again; if you did not begin it, another person did")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    fn pending() -> PendingSignIns {
        PendingSignIns::new(&CookieScope::default())
    }

    fn begin(pending: &PendingSignIns, now: Instant) -> (String, HeaderMap) {
        let sign_in = PendingSignIn::new("https://here".to_owned(), "ui/runs", Some([7; 32]));
        let (state, cookie) = pending.begin(sign_in, &HeaderMap::new(), now).unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        assert!(cookie.len() < 2000, "{cookie}");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.split(';').next().unwrap().parse().unwrap());
        (state, headers)
    }

    fn refused(pending: &PendingSignIns, state: &str, headers: &HeaderMap, now: Instant) -> String {
        let taken = pending.take(state, headers, now).map(|_| ());
        taken.unwrap_err().code().to_owned()
    }

    #[test]
    fn a_sign_in_comes_back_once_and_to_its_own_browser() {
        let (pending, now) = (pending(), Instant::now());
        let (state, headers) = begin(&pending, now);
        for other in ["", "0", &begin(&pending, now).0] {
            assert_eq!(
                refused(&pending, other, &headers, now),
                "oidc-other-browser"
            );
        }
        let taken = pending.take(&state, &headers, now).unwrap();
        assert_eq!(
            (taken.next.as_str(), taken.replaces),
            ("ui/runs", Some([7; 32]))
        );
        assert_eq!(
            refused(&pending, &state, &headers, now),
            "oidc-unknown-state"
        );

        let (state, _) = begin(&pending, now);
        let none = HeaderMap::new();
        assert_eq!(refused(&pending, &state, &none, now), "oidc-unknown-state");
    }

    #[test]
    fn a_person_has_ten_minutes() {
        let (pending, now) = (pending(), Instant::now());
        let (state, headers) = begin(&pending, now);
        assert_eq!(
            refused(&pending, &state, &headers, now + LIFETIME),
            "oidc-unknown-state"
        );
        let in_time = now + LIFETIME - Duration::from_secs(1);
        assert!(pending.take(&state, &headers, in_time).is_ok());
    }

    #[test]
    fn no_number_of_others_ends_a_sign_in_and_nothing_is_remembered_of_them() {
        let (pending, now) = (pending(), Instant::now());
        let (state, headers) = begin(&pending, now);
        for _ in 0..2000 {
            begin(&pending, now);
        }
        assert!(pending.used.lock().is_empty());
        assert!(pending.take(&state, &headers, now).is_ok());
    }
}
