//! Sending, away from the run.

use std::io::ErrorKind;
use std::sync::mpsc::{self, Receiver as Inbox, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;

use super::news::News;
use super::request::{Method, Request, request};
use super::retry::{Answer, Retry, answer};
use crate::config::{Receiver, Target};

/// News that wait for one slow receiver; more are dropped.
const QUEUE: usize = 32;

/// Tells all receivers, each in a thread of its own, in the order of the events.
#[derive(Debug)]
pub struct Notifier {
    mailboxes: Mutex<Vec<Mailbox>>,
    /// Disconnected when the last thread has ended.
    ended: Mutex<Inbox<()>>,
}

#[derive(Debug)]
struct Mailbox {
    receiver: Receiver,
    queue: SyncSender<Request>,
}

impl Notifier {
    /// Starts the threads.
    pub fn start(receivers: Vec<Receiver>, retry: Retry) -> Self {
        let (alive, ended) = mpsc::channel();
        let mailbox = |receiver: Receiver| {
            let (queue, requests) = mpsc::sync_channel(QUEUE);
            let (target, alive) = (receiver.target.clone(), alive.clone());
            let work = move || {
                deliver_all(&target, retry, &requests);
                drop(alive);
            };
            match thread::Builder::new().name("notify".to_owned()).spawn(work) {
                Ok(_) => Some(Mailbox { receiver, queue }),
                Err(error) => {
                    let origin = receiver.target.origin();
                    tracing::warn!(%error, "{origin} will not be notified: no thread for it");
                    None
                }
            }
        };
        Self {
            mailboxes: Mutex::new(receivers.into_iter().filter_map(mailbox).collect()),
            ended: Mutex::new(ended),
        }
    }

    /// Hands `news` over to those who want to know. Never waits, never fails.
    pub fn tell(&self, news: &News) {
        for Mailbox { receiver, queue } in lock(&self.mailboxes).iter() {
            let Some(request) = request(receiver, news) else {
                continue;
            };
            if queue.try_send(request).is_err() {
                let origin = receiver.target.origin();
                tracing::warn!("a notification to {origin} was dropped: too many are waiting");
            }
        }
    }

    /// Takes no more news, and waits until everything was sent or given up, but no longer than
    /// `limit`. Returns whether it was.
    pub fn finish(&self, limit: Duration) -> bool {
        lock(&self.mailboxes).clear();
        let done = lock(&self.ended).recv_timeout(limit) == Err(RecvTimeoutError::Disconnected);
        if !done {
            tracing::warn!("some notifications were not sent in time");
        }
        done
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn deliver_all(target: &Target, retry: Retry, requests: &Inbox<Request>) {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(retry.limit))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("sidecar/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    for request in requests {
        let begun = Instant::now();
        match deliver(&agent, &request, retry) {
            Ok(()) => tracing::debug!(took = ?begun.elapsed(), "notified {}", target.origin()),
            Err(reason) => tracing::warn!("cannot notify {}: {reason}", target.origin()),
        }
    }
}

/// Tries until it is delivered, refused, or tried often enough; then says why not.
fn deliver(agent: &Agent, request: &Request, retry: Retry) -> Result<(), String> {
    let mut failed = 0;
    loop {
        let reason = match send(agent, request) {
            Ok(status) => match answer(status) {
                Answer::Delivered => return Ok(()),
                Answer::Refused => return Err(format!("it answered {status}")),
                Answer::TryAgain => format!("it answered {status}"),
            },
            Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
                return Err(reason(&error, retry.limit));
            }
            Err(error) => reason(&error, retry.limit),
        };
        failed += 1;
        match retry.wait(failed) {
            Some(wait) => thread::sleep(wait),
            None => return Err(format!("{reason} (attempt {failed} of {})", retry.attempts)),
        }
    }
}

/// The status of the answer.
fn send(agent: &Agent, request: &Request) -> Result<u16, ureq::Error> {
    let url = request.url.reveal();
    let response = match request.method {
        Method::Get => agent.get(url).call()?,
        Method::Post => {
            let body = request.body.as_ref().map(ToString::to_string);
            agent
                .post(url)
                .content_type("application/json")
                .send(body.unwrap_or_default())?
        }
    };
    Ok(response.status().as_u16())
}

const UNTRUSTED: &str = "no trusted connection: its certificate or TLS version is not accepted";

/// Words of our own: the library's may quote the URL.
fn reason(error: &ureq::Error, limit: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("no answer within {limit:?}"),
        ureq::Error::HostNotFound => "its name is not known".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => UNTRUSTED.to_owned(),
        // So rustls tells about a certificate that it does not trust.
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => UNTRUSTED.to_owned(),
        ureq::Error::Io(error) => format!("no connection: {}", error.kind()),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "its URL is not valid".to_owned(),
        ureq::Error::Protocol(_) => "it does not speak HTTP".to_owned(),
        _ => "the request failed".to_owned(),
    }
}
