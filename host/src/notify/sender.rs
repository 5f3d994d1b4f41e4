//! Sending, away from the run.

use std::sync::mpsc::{self, Receiver as Inbox, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use reqwest::blocking::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

use super::event::RunEvent;
use super::request::{NotifyMethod, NotifyRequest, request};
use super::retry::{NotifyAnswer, Retry, answer};
use crate::config::{Receiver, Target};
use crate::http_client::failure;

/// Events that wait for one slow receiver; more are dropped.
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
    queue: SyncSender<NotifyRequest>,
}

impl Notifier {
    /// Starts the threads.
    pub fn start(receivers: Vec<Receiver>, retry: Retry) -> Self {
        let (alive, ended) = mpsc::channel();
        let mailbox = |receiver: Receiver| {
            let (queue, requests) = mpsc::sync_channel(QUEUE);
            let (target, alive) = (receiver.target.clone(), alive.clone());
            let work = move || {
                send_all(&target, retry, &requests);
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

    /// Hands `event` to the receivers that asked for it. Never waits, never fails.
    pub fn tell(&self, event: &RunEvent) {
        for Mailbox { receiver, queue } in self.mailboxes.lock().iter() {
            let Some(request) = request(receiver, event) else {
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
        self.mailboxes.lock().clear();
        let done = self.ended.lock().recv_timeout(limit) == Err(RecvTimeoutError::Disconnected);
        if !done {
            tracing::warn!("some notifications were not sent in time");
        }
        done
    }
}

/// Sends the requests of one receiver, one after the other, until the queue is closed.
pub(super) fn send_all(target: &Target, retry: Retry, requests: &Inbox<NotifyRequest>) {
    let client = match http_client(target, retry) {
        Ok(client) => client,
        Err(error) => {
            let reason = failure(&error, retry.limit);
            tracing::warn!("{} will not be notified: {reason}", target.origin());
            return;
        }
    };
    for request in requests {
        let begun = Instant::now();
        match send_with_retries(&client, &request, retry) {
            Ok(()) => tracing::debug!(took = ?begun.elapsed(), "notified {}", target.origin()),
            Err(reason) => tracing::warn!("cannot notify {}: {reason}", target.origin()),
        }
    }
}

/// Trusts the system's certificates. Without TLS none are looked for: a small image has none.
fn http_client(target: &Target, retry: Retry) -> reqwest::Result<Client> {
    // Fails only if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .timeout(retry.limit)
        .redirect(Policy::none())
        .user_agent(concat!("sidecar/", env!("CARGO_PKG_VERSION")));
    let builder = match target.origin().starts_with("http://") {
        true => builder.tls_certs_only([]),
        false => builder,
    };
    builder.build()
}

/// Tries until it is taken, refused, or tried often enough; then returns why not.
fn send_with_retries(client: &Client, request: &NotifyRequest, retry: Retry) -> Result<(), String> {
    let mut failed = 0;
    loop {
        let reason = match send(client, request) {
            Ok(status) => match answer(status) {
                NotifyAnswer::Delivered => return Ok(()),
                NotifyAnswer::Refused => return Err(format!("it answered {status}")),
                NotifyAnswer::TryAgain => format!("it answered {status}"),
            },
            Err(error) if error.is_builder() => return Err(failure(&error, retry.limit)),
            Err(error) => failure(&error, retry.limit),
        };
        failed += 1;
        match retry.wait(failed) {
            Some(wait) => thread::sleep(wait),
            None => return Err(format!("{reason} (attempt {failed} of {})", retry.attempts)),
        }
    }
}

/// The status of the answer.
fn send(client: &Client, request: &NotifyRequest) -> reqwest::Result<u16> {
    let url = request.url.reveal();
    let sent = match request.method {
        NotifyMethod::Get => client.get(url),
        NotifyMethod::Post => {
            let body = request.body.as_ref().map(ToString::to_string);
            client
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(body.unwrap_or_default())
        }
    };
    Ok(sent.send()?.status().as_u16())
}
